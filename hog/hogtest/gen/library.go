package gen

import "strings"

// signatures are the functions of the library by the type of their result, each with the types of plausible arguments. A
// "?" makes an argument optional, a "*" repeats it. The functions of the clock and of chance are left out.
//
// Types: n number, i small integer, s text, b boolean, l list, N list of numbers, S list of texts, d dictionary,
// t datetime, D date, T date or datetime, x anything, e error, v interval. Only arguments: c one character, j JSON in a
// text, k key or index, p pattern of like, r regular expression, u unit, U unit of dateDiff and extract, z zone, f format,
// o date in a text, 4 base64, % URL encoding, a address, A range of addresses, h way to write a digest, m semver, H texts for a digest,
// F function of one argument, P predicate, R function of two arguments.
const signatures = `
n: length s; length l; length d; position s s i?; positionCaseInsensitive s s i?; indexOf l x; JSONLength j k*; JSONExtractInt j k*;
n: JSONExtractFloat j k*; toInt x; toInt s; toFloat s; toFloat T; floor n i?; round n i?; min2 n n; min2 s s; plus n n; plus s s;
n: minus n n; toUnixTimestamp t z?; toUnixTimestamp o z?; toUnixTimestampMilli T; dateDiff U T T; extract U T; toYear T; toMonth T;
n: toYYYYMM T; arrayCount P l; multiSearchAnyCaseInsensitive s S; ifNull n n; coalesce n n*; assumeNotNull n; dateDiff U t t;
n: arrayReduce R N n;
s: concat x x*; concat s s; lower s; upper s; reverse s; trim s c?; trimLeft s c?; trimRight s c?; toString x i?; toString T; toUUID s; typeof x;
s: replaceOne s s s; replaceAll s s s; substring s i i?; base64Encode s; base64Decode 4; tryBase64Decode 4; encodeURLComponent s;
s: decodeURLComponent %; tryDecodeURLComponent %; md5Hex s; sha1Hex s; sha256Hex s; md5 s h?; sha1 s h?; sha256 s h?;
s: sha256HmacChainHex H; sha1HmacChainHex H; sha256HmacChain H h?; sha1HmacChain H h?; jsonStringify x i?; jsonStringify d i;
s: arrayStringConcat l s?; arrayStringConcat S s; JSONExtractString j k*; extractRegex s r; formatDateTime t f z?; ifNull s s; coalesce s s*;
b: empty x; notEmpty x; isNull x; isNotNull x; not b; and b b; or b b b; and b; or b; startsWith s s; like s p; ilike s p; notLike s p;
b: notILike s p; match s r; has l x; has N n; in x l; equals x x; notEquals x x; greater n n; greaterOrEquals n n; less n n;
b: lessOrEquals s s; JSONHas j k*; JSONExtractBool j k*; isValidJSON j; isValidJSON x; isIPAddressInRange a A; arrayExists P l;
b: inCohort x l; notInCohort x l; greater s s; less s s;
l: arrayPushBack l x; arrayPushFront l x; arrayPopBack l; arrayPopFront l; arrayReverse l; arraySort N; arraySort S; arrayReverseSort N;
l: arrayReverseSort S; keys d; values d; keys l; values l; splitByString c s i?; splitByString s s; range i; range i i; arrayMap F l;
l: arrayFilter P l; arrayMap F d; JSONExtractArrayRaw j k*; tuple x*; sortableSemver m; arrayMap F s; arrayFilter P N;
N: range i; range i i; sortableSemver m; arrayPushBack N n; arrayReverse N; arraySort N;
S: splitByString c s; arrayPushFront S s; arraySort S; arrayPopBack S;
t: toDateTime o z?; toDateTime n z?; fromUnixTimestamp n; fromUnixTimestampMilli n; toTimeZone t z; dateAdd u i t; addDays t i;
t: dateTrunc u t; toStartOfDay T; toStartOfHour T; toStartOfMonth T; toStartOfWeek T i?;
D: toDate o; toDate n; addDays D i; dateAdd u i D;
e: Error s x?; RetryError s d?; NotImplementedError s; HogError s s x?; Error;
v: toIntervalDay i; toIntervalHour i; toIntervalMinute i; toIntervalMonth i;
x: jsonParse j; JSONExtract j s; JSONExtract j k s; arrayReduce R l x; coalesce x x; ifNull x x; if b x x; multiIf b x b x x; multiIf b x x;
x: assumeNotNull x; values x; keys x; length x; multiIf b x b x;
`

// signature is a way to call a function of the library.
type signature struct {
	name string
	args []string
}

// byResult is the signatures by the letter of their result.
var byResult = func() map[byte][]signature {
	all := map[byte][]signature{}
	for line := range strings.Lines(signatures) {
		result, rest, ok := strings.Cut(line, ": ")
		if !ok {
			continue
		}
		for text := range strings.SplitSeq(rest, ";") {
			if words := strings.Fields(text); len(words) > 0 {
				all[result[0]] = append(all[result[0]], signature{words[0], words[1:]})
			}
		}
	}
	return all
}()

// Functions is the names of the library's functions that programs call.
func Functions() map[string]bool {
	names := map[string]bool{}
	for _, list := range byResult {
		for _, s := range list {
			names[s.name] = true
		}
	}
	return names
}

// samples are what arguments of the special types are taken from. They are kept where the machines can be compared: units
// of time that both know, and regular expressions that mean the same to RE2 and to the reference's host.
var samples = map[byte][]string{
	'c': {"','", "' '", "'a'", "'-'", "'x'", "'/'"},
	'j': {
		`'{"a": [1, {"b": "2"}], "c": null, "d": 1.5e3}'`, `'[1, "x", [true, null], {"a": {}}]'`, `'null'`, `'"text"'`, `'12.50'`, `'{"a":{"b":{"c":[0,-1]}}}'`,
		`'true'`, `' [ ] '`, `'{"ü": "é\\n🎉", "a": ""}'`,
	},
	'k': {"'a'", "'b'", "'c'", "1", "2", "-1", "'d'"},
	'p': {"'%a%'", "'a_c'", "'%'", "''", "'A%'", "'b'", "'.*'", "'_'", "'(x'"},
	'r': {`'a+'`, `'^[a-c]'`, `'([a-z]+)@([a-z]+)'`, `'\\d+'`, `'x|y'`, `'(\\w)(\\w)?'`, `'[^a]$'`, `'B'`, `'^$'`, `'\\.'`},
	'u': {"'day'", "'hour'", "'minute'", "'month'", "'year'"},
	'U': {"'day'", "'hour'", "'minute'", "'month'", "'year'", "'second'"},
	'z': {"'UTC'", "'Europe/Berlin'", "'America/New_York'", "'Asia/Kolkata'"},
	'f': {"'%Y-%m-%d'", "'%H:%i:%S'", "'%a %b %e %y'", "'%j %V %u'", "'%F T %T %f'", "'%M %W %p %r'", "'%D %% %Q'", "'day %d'"},
	'o': {
		"'2024-05-01'", "'2024-02-29T23:59:59.999Z'", "'1999-12-31 10:20'", "'2024-03-31T01:30:00+02:00'", "'2030-01-01T00:00:00,5-0330'",
		"' 2001-02-03 '", "'0001-01-01'", "'9999-12-31T23:59:59Z'",
	},
	'4': {"'YWJj'", "'4pyTIMOg'", "'YQ'", "'_-8='", "''", "'Zm9v\\nYmFy'"},
	'%': {"'a%20b'", "'%C3%A9'", "'100%25'", "'plain'", "'%F0%9F%8E%89+'"},
	'a': {"'10.1.2.3'", "'192.168.0.1'", "'::1'", "'2001:db8::ff'", "'10.1.2'", "'256.0.0.1'"},
	'A': {"'10.0.0.0/8'", "'192.168.0.0/16'", "'10.1.2.3/32'", "'::/0'", "'2001:db8::/32'", "'10.0.0.0/33'", "'10.1.2.0/25'"},
	'h': {"'hex'", "'base64'", "'base64url'", "'binary'"},
	'm': {"'v1.10.2-rc'", "'1.2'", "'10.0.0'", "'none'", "'1'"},
}
