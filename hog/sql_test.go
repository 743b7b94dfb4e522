package hog_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
)

// queries are values that are parts of queries, which both machines print alike. The variables x, name and part exist.
var queries = []string{
	"sql(event)", "sql(a.b.`c d`)", "sql(*)", "sql(t.*)", "sql(null)", "sql(true)", "sql(-1.5)", "sql('it''s')", "sql([1, 'a', b])", "sql((a, b))", "sql((a,))",
	"sql(a and b and not c or d)", "sql(a = 1)", "sql(a != 1)", "sql(a < 1)", "sql(a <= 1)", "sql(a > 1)", "sql(a >= 1)", "sql(a in (1, 2))", "sql(a not in b)",
	"sql(a like 'x%')", "sql(a not like 'x%')", "sql(a ilike b)", "sql(a not ilike b)", "sql(a =~ 'x')", "sql(a !~ 'x')", "sql(a =~* 'x')", "sql(a !~* 'x')",
	"sql(a in cohort 5)", "sql(a + b - c * d / e % f)", "sql(-a)", "sql(a || b)", "sql(a ?? b)", "sql(a ? b : c)", "sql(a is null)", "sql(a is not null)",
	"sql(f())", "sql(quantile(0.5)(a))", "sql(count(distinct a))", "sql(a as b)", "sql(a as `b c`)", "sql(x -> x + 1)", "sql((x, y) -> f(x, y))",
	"sql({x})", "sql(a = {x})", "sql(a = {name})", "sql(f({part}, {part}))", "sql(a in {[1, 2, 'x']})", "sql({part} and {part})", "sql(a = {{'k': x}.k})", "sql(a = {null ?? 5})",
	"sql(sum(a) over w)", "sql(sum(a) over ())", "sql(f(a)(b) over (partition by c, d order by e desc, f rows between unbounded preceding and 5 following))",
	"sql(f(a) over (range current row))", "sql(f(a) over (order by b))", "sql(<a b='c' d={e} />)", "sql(interval 3 day)", "sql(case when a then b else c end)",
	"(select 1)", "(select a, b as c from t)", "(select distinct * from events)", "(select a from t as x)", "(select a from t t)", "(select a from `my table` as `my alias`)",
	"(select a from (select b from c) as d)", "(select (select 1), f((select 2)))", "(select a from t where b = {x} and c in (select d from e))",
	"(select a from t join u on t.x = u.x)", "(select a from t as p left join u as q on p.x = q.x cross join v)", "(select a from t, u)", "(select a from t join u using (x, y))",
	"(select a from t prewhere b where c group by d, e having f order by g desc, h limit 10 offset 20)", "(select a limit 5 with ties)", "(select a from t window w as (partition by b), v as ())",
	"(select {name}, {part} as c from {sql(events)})", "(select a from {(select 1)} as x)", "(select a from t array join b as c)", "(select a from <T x='y' />)",
	"(select a from f(1, 2))", "(select a from t final sample 0.5)", "(select a from t group by all)", "(with x as (select 1) select * from x)", "(select a offset 3)",
	"[sql(a), {'k': (select 1)}]", "(sql(a),)",
}

// sqlProgram shows a value in all ways.
func sqlProgram(query string) string {
	return "let x := 7\nlet name := 'bob'\nlet part := sql(u = {x})\nlet q := " + query +
		"\nprint(q)\nprint(typeof(q))\nreturn [toString(q), jsonStringify(q), q]"
}

func TestQueriesAgainstReference(t *testing.T) {
	ref := newReference(t)
	for _, query := range queries {
		p, err := hog.Compile("query", sqlProgram(query))
		if err != nil {
			t.Errorf("%s\n%v", query, err)
			continue
		}
		loaded, err := hog.Load(p.Bytecode())
		if err != nil {
			t.Errorf("%s\n%v", query, err)
			continue
		}
		want := outcome(ref.run(t, p.Bytecode(), "{}"))
		env := hog.Env{Now: time.Now}
		for _, program := range []*hog.Program{p, loaded} {
			if diff := cmp.Diff(want, observe(program, env)); diff != "" {
				t.Errorf("%s\n-reference +ours\n%s", query, diff)
			}
		}
	}
}

// TestQueriesThatTheReferenceLoses prints what the reference refuses to print, or prints a part of.
func TestQueriesThatTheReferenceLoses(t *testing.T) {
	for query, want := range map[string]string{
		"(select 1 union all select 2 limit 3)":  "sql((SELECT 1) UNION ALL (SELECT 2 LIMIT 3))",
		"((select 1) except by name {sql(a)})":   "sql((SELECT 1) EXCEPT BY NAME a)",
		"sql(a = {0})":                           "sql(equals(a, 0))",
		"sql(f({''}, {null}, {false}))":          "sql(f('', null, false))",
		"sql(a between 1 and 2)":                 "sql(BetweenExpr(a, 1, 2, false))",
		"sql(a::int)":                            "sql(TypeCast(a, 'int'))",
		"sql(a[1])":                              "sql(ArrayAccess(a, 1, false))",
		"sql({{'k': 1}})":                        "{'k': 1}",
		"sql(a = {{'k': 1}})":                    "sql(equals(a, {'k': 1}))",
		"(select * exclude (a) from t)":          "sql(SELECT ColumnsExpr(true, ['a']) FROM t)",
		"sql(() -> 1)":                           "sql(() -> 1)",
		"{'__hx_ast': 'Whatever', 'a': [1, {}]}": "sql(Whatever([1, {}]))",
		"{'__hx_ast': 'Field', 'chain': 5}":      "sql()",
		"{'__hx_ast': 'SelectQuery'}":            "sql(SELECT )",
		"{'__hx_ast': 'JoinExpr', 'alias': 'a'}": "sql( AS a)",
	} {
		p, err := hog.Compile("query", "let x := "+query+"\nreturn toString(x)")
		if err != nil {
			t.Errorf("%s\n%v", query, err)
			continue
		}
		if got := observe(p, hog.Env{}); got.Error != "" || got.Result != quoted(want) {
			t.Errorf("%s\n got %s %s\nwant %s", query, got.Result, got.Error, quoted(want))
		}
	}
}

func quoted(s string) string {
	return hog.NewArray(hog.String(s)).Display()[1 : len(hog.NewArray(hog.String(s)).Display())-1]
}

// TestHostileQueries prints trees that are deep, wide, or inside of themselves.
func TestHostileQueries(t *testing.T) {
	for _, program := range []string{
		"let q := sql(a); for (let i := 0; i < 5000; i := i + 1) { q := sql(not {q}) } return length(toString(q))",
		"let q := (select 1); for (let i := 0; i < 5000; i := i + 1) { q := (select a from {q}) } return length(toString(q))",
		"let q := sql(a); q.x := q; return toString(q)",
		"let q := sql(f({1})); q.args := [q, q]; return toString(q)",
		"let q := (select a from t join u on b); q.select_from.next_join.next_join := q.select_from; return toString(q)",
		"let q := sql(f(a)); for (let i := 0; i < 60; i := i + 1) { q.args := [q.args, q.args] } return length(toString(q))",
		"let q := {'__hx_ast': 'Alias', 'expr': 1}; q.expr := q; return toString(q)",
	} {
		p, err := hog.Compile("hostile", program)
		if err != nil {
			t.Fatal(err)
		}
		if o := observe(p, hog.Env{}); o.Error == "" && o.Result == "" {
			t.Errorf("%s\nhas neither a result nor an error", program)
		}
	}
}

// TestQueryFields checks that a query is a dictionary that can be read and changed.
func TestQueryFields(t *testing.T) {
	p, err := hog.Compile("fields", `
let q := (select a, b from t where c)
q.limit := sql(10)
q.select := [sql(count())]
return [q.select_from.table.chain, length(keys(q)), toString(q), q.where.chain.1]`)
	if err != nil {
		t.Fatal(err)
	}
	got := observe(p, hog.Env{})
	want := "[['t'], 5, 'sql(SELECT count() FROM t WHERE c LIMIT 10)', 'c']"
	if got.Result != want {
		t.Errorf("got  %s %s\nwant %s", got.Result, got.Error, want)
	}
}

// TestQueryBytecodeIsPortable checks that truth values stand as such behind the opcode for integers.
func TestQueryBytecodeIsPortable(t *testing.T) {
	p, err := hog.CompileExpression("e", "sql(true)")
	if err != nil {
		t.Fatal(err)
	}
	var tokens []any
	if err := json.Unmarshal(p.Bytecode(), &tokens); err != nil {
		t.Fatal(err)
	}
	want := []any{"_H", 1.0, 32.0, "__hx_ast", 32.0, "Constant", 32.0, "value", 33.0, true, 32.0, "is_sensitive", 33.0, false, 42.0, 3.0}
	if diff := cmp.Diff(want, tokens); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !strings.HasPrefix(string(p.Bytecode()), `["_H"`) {
		t.Errorf("got %s", p.Bytecode())
	}
}
