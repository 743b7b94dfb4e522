package warehouse

import (
	"regexp"
	"strings"
	"testing"
)

func TestColumnName(t *testing.T) {
	for field, want := range map[string]string{
		"id": "id", "customerID": "customer_id", "HTTPServer": "http_server", "amount2Pay": "amount2_pay", "a.b  c": "a_b_c", "2fa": "_2fa",
		"_sync_raw": "x_sync_raw", "ROWID": "x_rowid", "xmin": "x_xmin", "_row_exists": "x_row_exists", "xMin": "x_min", "_private": "_private", "名前": "field_" + hash8("名前"), "": "field_" + hash8(""), "Ünïcode": "_n_code",
		strings.Repeat("a", 63): strings.Repeat("a", 63),
		strings.Repeat("a", 64): strings.Repeat("a", 54) + "_" + hash8(strings.Repeat("a", 64)),
	} {
		if got := ColumnName(field); got != want {
			t.Errorf("ColumnName(%q)\n got %s\nwant %s", field, got, want)
		}
	}
}

func TestTableName(t *testing.T) {
	for _, test := range []struct{ source, stream, want string }{
		{"stripe", "customers", "stripe_customers"},
		{"myShop", "orderLines", "my_shop_order_lines"},
		{"prickle", "_cursors", "prickle_cursors"},
		{"2go", "x", "t_2go_x"},
		{"名", "前", "t_"},
		{"_profiles", "persons", "persons"},
		{"a__b", "__c", "a_b_c"},
		{strings.Repeat("a", 50), "orders", strings.Repeat("a", 50) + "_orders"},
		{strings.Repeat("a", 50), "orders2", strings.Repeat("a", 48) + "_" + hash8(strings.Repeat("a", 50)+"_orders2")},
	} {
		if got := TableName(test.source, test.stream); got != test.want {
			t.Errorf("TableName(%q, %q)\n got %s\nwant %s", test.source, test.stream, got, test.want)
		}
	}
}

func FuzzColumnName(f *testing.F) {
	f.Add("customerID")
	f.Add("_sync_key")
	f.Add("\xff名")
	f.Add(strings.Repeat("A", 200))
	plain := regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	f.Fuzz(func(t *testing.T, field string) {
		name := ColumnName(field)
		if !plain.MatchString(name) || len(name) > longestName || strings.HasPrefix(name, "_sync_") {
			t.Errorf("ColumnName(%q)\n got %q\nwant a plain name of at most %d bytes that is not ours", field, name, longestName)
		}
	})
}
