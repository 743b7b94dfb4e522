package parser_test

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// sqlGrammar makes random queries. Words in <> are expanded; of each rule the
// first alternatives are taken when the text gets deep.
var sqlGrammar = map[string][]string{
	"text": {"( <query> )", "sql( <item> )", "sql( <expr> )", "<expr>", "f( <query> )", "<expr> in ( <query> )", "( <query> ) . a", "[ ( <query> ) , <expr> ]"},
	"query": {
		"select <items>", "select <items> from <tables>", "<select>", "<select>", "<select>", "<select>",
		"<query> <setop> <query>", "( <query> ) <setop> ( <query> )", "( <query> ) <outer>", "with <ctes> <select>",
		"with <ctes> ( <query> )", "{ a } <setop> <query>", "<query> <setop> { a }", "( <query> )", "with recursive <ctes> <select>",
	},
	"setop":  {"union all", "union", "union distinct", "intersect", "except", "intersect all", "intersect distinct", "except all", "union all by name", "except by name"},
	"outer":  {"limit <expr>", "order by <orders>", "limit <expr> offset <expr>", "offset 1"},
	"ctes":   {"c as ( <query> )", "c as ( <query> ) , d as ( <query> )", "<expr> as c", "c ( a , b ) as materialized ( <query> )", "c using key ( a ) as not materialized ( <query> ) ,"},
	"select": {"select <distinct> <items> <from> <arrays> <pre> <where> <group> <having> <qualify> <windows> <order> <limitby> <limit>"},

	"distinct": {"", "", "distinct"},
	"from":     {"", "from <tables>", "from <tables>", "from <tables>"},
	"arrays":   {"", "", "", "array join a as b", "left array join a as b , <expr> as c", "inner array join a"},
	"pre":      {"", "", "", "prewhere <expr>"},
	"where":    {"", "where <expr>"},
	"group":    {"", "", "", "group by <list>", "group by all", "group by rollup ( <list> )", "group by grouping sets ( ( a ) , ( ) )", "group by <list> with totals", "group by <list> with cube"},
	"having":   {"", "", "", "having <expr>"},
	"qualify":  {"", "", "", "", "qualify <expr>"},
	"windows":  {"", "", "", "", "window w as <window>", "window w as <window> , v as <window>"},
	"order":    {"", "", "order by <orders>", "order by <orders> interpolate"},
	"limitby":  {"", "", "", "limit <expr> by <list>", "limit 1 , 2 by a", "limit 1 offset 2 by a"},
	"limit":    {"", "", "limit <expr>", "limit <expr> offset <expr>", "limit 1 , 2", "limit 1 % with ties", "offset <expr>", "limit 1 with ties", "limit 5 % offset 2", "top", "settings a = 1", "sample 1"},

	"items": {"<item>", "<item> , <item>", "<item> , <item> , <item> ,"},
	"item": {
		"<expr>", "<expr>", "<expr> as a", "<expr> b", "a : <expr>", "*", "t . *", "* exclude ( a , b . c )", "columns( 'x' )", "columns( <list> )", "columns( * )",
		"columns( * exclude ( a ) replace ( <expr> as a ) )", "columns( t . * replace ( <expr> as a , b as c ) )", "( * replace ( <expr> as a ) )",
		"* columns( 'x' )", "# 1", "#1", "<expr> as 'x y'", "<keyword>", "<keyword> as <keyword>", "a := <expr>", "<expr> <keyword>",
	},
	"tables": {
		"<table>", "<table>", "<table>", "<tables> , <table>", "<tables> <join> <tables> <on>", "<tables> <join> <tables> <on>", "( <tables> )",
		"<tables> cross join <table>", "<tables> pivot ( sum( a ) for b in ( 1 , 2 ) )", "<tables> unpivot ( a for b in ( c ) )",
		"<tables> positional join <tables>", "<tables> unpivot include nulls ( ( a , b ) for c in ( d ) e in ( f ) )", "<tables> pivot ( sum( a ) , f( b ) for ( a , b ) in ( c ) d in ( e ) group by g )",
	},
	"table": {
		"t", "t u", "t as u", "a . b . c", "f( <list> )", "f( )", "( <query> )", "( <query> ) as u", "{ a }", "{ <expr> } as u", "( values ( 1 , 2 ) , ( <expr> , 3 ) ) as v ( a , b )",
		"<T a='x' />", "t final", "t sample 0.1", "t as u final sample 1 / 10 offset 2 / 10", "t as u ( a , b )", "t sample { a }", "t <keyword>", "<keyword>", "t key",
	},
	"join": {
		"join", "left join", "inner join", "right outer join", "full join", "full outer join", "any join", "left any join", "semi left join", "asof join", "asof semi join",
		"asof anti left join", "anti join", "natural join", "natural left join", "all inner join", "inner all join", "outer join", "semi inner join", "left join", "left join",
	},
	"on":     {"on <expr>", "on <expr>", "using a", "using ( a , b )", "", "on <expr> , <expr>"},
	"window": {"( )", "( partition by <list> )", "( order by <orders> )", "( partition by <list> order by <orders> rows <bound> )", "( range between <bound> and <bound> )"},
	"bound":  {"current row", "unbounded preceding", "unbounded following", "1 preceding", "2 following"},
	"orders": {"<ord>", "<ord> , <ord>"},
	"ord":    {"<expr>", "<expr> desc", "<expr> asc", "<expr> nulls first", "<expr> desc nulls last", "<expr> collate 'x'", "<expr> with fill", "<expr> with fill from 1 to <expr> step 2", "<expr> ascending"},
	"list":   {"<expr>", "<expr>", "<expr> , <expr>", "<expr> , <expr> ,"},
	"expr": {
		"a", "1", "'x'", "b . c", "{ a }", "a", "1.5", "null", "f( <list> )", "<expr> + <expr>", "<expr> = <expr>", "<expr> and <expr>", "<expr> or <expr>", "not <expr>", "( <expr> )",
		"( <query> )", "<expr> :: int", "cast( <expr> as <type> )", "try_cast( <expr> as <type> )", "<expr> is null", "<expr> is not distinct from <expr>", "<expr> <=> <expr>", "<expr> between <expr> and <expr>",
		"f( distinct <list> )", "f( <list> order by <orders> )", "f( <expr> ) ( <expr> )", "f( <expr> ) filter ( where <expr> )", "f( <list> ) over w", "f( <expr> ) over <window>", "f( a ) ( distinct b ) over w",
		"f( 1 ) within group ( order by <orders> )", "<expr> ignore nulls", "<expr> [ <expr> ]", "<expr> [ <expr> : ]", "<expr> [ : <expr> ]", "<expr> . x", "a . 1", "interval 1 day", "interval ( <expr> ) month",
		"case when <expr> then <expr> else <expr> end", "<expr> ? <expr> : <expr>", "<expr> ?? <expr>", "<expr> || <expr>", "x -> <expr>", "( x , y ) -> <expr>", "lambda x : <expr>", "array [ <list> ]",
		"[ <list> ]", "( <list> )", "<expr> in ( <list> )", "<expr> not in cohort 1", "<expr> like <expr>", "- <expr>", "<keyword>", "<keyword> ( <list> )", "<expr> as c", "trim( both 'x' from <expr> )",
		"f'a{ <expr> }'", "#2", "<expr> * <expr>", "<expr> % <expr>", "{ 'k' : <expr> }", "f( * )", "f( a := <expr> )", "<expr> ( <query> )", "f( distinct )", "date", "f( <query> )", "<expr> not between <expr> and <expr>",
	},
	"type":    {"int", "Array( String )", "Map( String , Array( Int ) )", "decimal( 10 , 2 )", "int [ ]", "double precision", "Tuple( a int , b String )", "`X y`", "f( )", "timestamp with time zone"},
	"keyword": {"from", "select", "where", "limit", "order", "by", "with", "as", "distinct", "date", "final", "left", "join", "union", "all", "array", "columns", "end", "id", "first", "desc", "key", "interval", "case", "cast", "not", "in", "values", "over", "filter", "top", "offset", "on", "using", "sample", "window", "within", "except"},
}

// expand writes a random text of a rule.
func expand(random *rand.Rand, b *strings.Builder, text string, depth int) {
	for word := range strings.FieldsSeq(text) {
		if len(word) < 3 || word[0] != '<' || word[len(word)-1] != '>' || word == "<=>" {
			b.WriteString(word)
			b.WriteString(" ")
			continue
		}
		rules, ok := sqlGrammar[word[1:len(word)-1]]
		if !ok {
			b.WriteString(word + " ")
			continue
		}
		n := len(rules)
		if depth > 6 {
			n = min(n, 2)
		}
		expand(random, b, rules[random.IntN(n)], depth+1)
	}
}

// mutate drops, repeats or swaps some of the words of a text.
func mutate(random *rand.Rand, text string) string {
	words := strings.Fields(text)
	for range random.IntN(3) {
		i, j := random.IntN(len(words)), random.IntN(len(words))
		switch random.IntN(3) {
		case 0:
			words = append(words[:i:i], words[i+1:]...)
		case 1:
			words = append(words[:i:i], append([]string{words[j]}, words[i:]...)...)
		default:
			words[i], words[j] = words[j], words[i]
		}
		if len(words) == 0 {
			return "a"
		}
	}
	return strings.Join(words, " ")
}

// TestRandomQueriesAgainstReference compares on random queries, the same in each run.
func TestRandomQueriesAgainstReference(t *testing.T) {
	reference := startReference(t)
	random := rand.New(rand.NewPCG(3, 5))
	for range samples() / 6 {
		var b strings.Builder
		expand(random, &b, "<text>", 0)
		text := b.String()
		if len(text) > 400 {
			continue
		}
		if random.IntN(3) == 0 {
			text = mutate(random, text)
		}
		compareWithReference(t, reference, sample{"expr", text})
	}
}
