package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// matching is one in how many events the filter lets through.
const matching = 10

// filler makes an event about 1 KB long, as a browser's properties do.
var filler = `"$current_url":"https://shop.example.com/products/espresso-machines/lever?sort=price&page=2","$host":"shop.example.com",` +
	`"$pathname":"/products/espresso-machines/lever","$browser":"Chrome","$browser_version":129,"$os":"Mac OS X","$os_version":"10.15.7",` +
	`"$device_type":"Desktop","$screen_height":1080,"$screen_width":1920,"$viewport_height":934,"$viewport_width":1903,"$lib":"web",` +
	`"$lib_version":"1.434.18","$session_id":"01920f3a-7b6e-7c31-9d54-2f0f8f2c1a10","$referrer":"https://search.example.org/",` +
	`"$referring_domain":"search.example.org","utm_source":"newsletter","utm_campaign":"autumn","$timezone":"Europe/Berlin","tags":["a","b"]`

// writeEvents writes n events as JSON lines and returns how many the filter lets through.
func writeEvents(path string, n int) (match int, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	for i := range n {
		name := "$pageview"
		if i%matching == 3 {
			name = "purchase"
			match++
		}
		fmt.Fprintf(out, `{"uuid":"01920f3a-7b6e-7c31-9d54-%012x","event":"%s","distinct_id":"user-%05d","timestamp":"2026-08-20T10:00:00.123Z",`+
			`"received_at":"2026-08-20T10:00:00.456Z","source":"web","properties":{%s,"plan":"%s","price":%d,"quantity":%d,"title":"%s"}}`+"\n",
			i, name, i%10_000, filler, [...]string{"Free", "Pro", "Team"}[i%3], i%2000, i%7+1, strings.Repeat("x", 95+i%40))
	}
	return match, out.Flush()
}
