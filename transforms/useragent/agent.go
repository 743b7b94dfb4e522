package useragent

import (
	"strconv"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/mileusna/useragent"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/exprs"
)

// Agent is what a user agent's text says. What it does not say is empty. Names are those of posthog-js, so that events of all SDKs count together.
type Agent struct {
	Browser   string // "Chrome", "Mobile Safari"
	Version   string // of the browser, as a number: "124", "17.4"
	OS        string // "Windows", "Mac OS X", "iOS"
	OSVersion string
	Device    string // "Desktop", "Mobile" or "Tablet"
	Bot       string // the name of the bot that it is: "Googlebot"
}

// recent holds the agents that were read last: a few hundred make up nearly all traffic.
var recent, _ = lru.New[string, Agent](4096) // which fails for a size below 1 alone

// longest is how much of a text is read. Real ones have a few hundred bytes.
const longest = 1024

// Read reads a user agent's text.
func Read(text string) Agent {
	text = text[:min(len(text), longest)]
	if a, ok := recent.Get(text); ok {
		return a
	}
	a := read(text)
	recent.Add(strings.Clone(text), a)
	return a
}

func read(text string) Agent {
	ua := useragent.Parse(strings.Clone(text))
	a := Agent{Browser: browser(&ua), Version: number(ua.Version), OS: ua.OS, OSVersion: ua.OSVersion, Bot: bot(&ua)}
	switch ua.OS {
	case useragent.MacOS:
		a.OS = "Mac OS X"
	case useragent.ChromeOS:
		a.OS, a.OSVersion = "Chrome OS", ""
	case useragent.Linux:
		a.OSVersion = "" // the machine's architecture
	}
	switch {
	case a.Bot != "":
	case ua.Tablet:
		a.Device = "Tablet"
	case ua.Mobile:
		a.Device = "Mobile"
	case ua.Desktop:
		a.Device = "Desktop"
	}
	if a.OS == "" && a.Device == "" { // no browser, but a program
		a.Browser, a.Version = "", ""
	}
	return a
}

// browser is the name that posthog-js has for a browser.
func browser(ua *useragent.UserAgent) string {
	onIOS := ua.OS == useragent.IOS
	switch ua.Name {
	case useragent.Safari:
		if ua.Mobile || ua.Tablet {
			return "Mobile Safari"
		}
	case useragent.Chrome:
		if onIOS {
			return "Chrome iOS"
		}
	case useragent.Firefox:
		if onIOS {
			return "Firefox iOS"
		}
	case useragent.Edge:
		return "Microsoft Edge"
	case useragent.InternetExplorer, "Trident":
		return "Internet Explorer"
	case "Samsung Browser":
		return "Samsung Internet"
	}
	return ua.Name
}

// programs are clients that are no bots by their own account, and nobody looks at what they fetch.
var programs = []string{"curl", "Wget", "python-requests", "python-urllib", "Python-urllib", "Go-http-client", "libwww-perl", "node-fetch", "axios", "HTTPie", "PostmanRuntime", "Scrapy", "aiohttp", "Apache-HttpClient", "Java"}

// bot is the name of the bot that an agent is, or "".
func bot(ua *useragent.UserAgent) string {
	if ua.Bot {
		return strings.TrimSpace(ua.Name)
	}
	for _, name := range programs {
		if ua.Name == name {
			return name
		}
	}
	return ""
}

// number is the major and minor part of a version as a JSON number, "" when it is none.
func number(version string) string {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	if _, err := strconv.ParseUint(major, 10, 32); err != nil {
		return ""
	}
	major = strings.TrimLeft(major[:len(major)-1], "0") + major[len(major)-1:]
	if _, err := strconv.ParseUint(minor, 10, 32); err != nil || strings.Trim(minor, "0") == "" {
		return major
	}
	return major + "." + strings.TrimRight(minor, "0")
}

// usual are the properties that a user agent's text is in, of which the first counts that an event has.
var usual = [][]string{{"$raw_user_agent"}, {"$useragent"}, {"$user_agent"}}

// Field is where events have their user agent's text.
type Field struct{ paths [][]string }

// NewField is the property that code names, and the usual ones when it is empty. A mistake is a *pipeline.ConfigError.
func NewField(code pipeline.Code) (Field, error) {
	if code.Text == "" {
		return Field{usual}, nil
	}
	f, err := exprs.ParseField(code)
	if err == nil && f.Path == nil {
		err = pipeline.Errorf(code.Pos, "%q has no user agent: name a property, for example event.properties.browser_agent", code.Text)
	}
	return Field{[][]string{f.Path}}, err
}

// Of returns the user agent's text that an event has, or "".
func (f Field) Of(e *pipeline.Event) string {
	for _, path := range f.paths {
		if text := e.Properties.String(path...); text != "" {
			return text
		}
	}
	return ""
}
