package sdks

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// versionOf is the version of an npm package that is pinned.
func versionOf(name string) string {
	text, err := os.ReadFile(filepath.Join(nodeDir, "package.json"))
	if err != nil {
		panic(err) // it is in the repository
	}
	var manifest struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &manifest); err != nil || manifest.Dependencies[name] == "" {
		panic(fmt.Sprintf("package.json has no version of %s: %v", name, err))
	}
	return manifest.Dependencies[name]
}

// goVersion is that of posthog-go.
func goVersion() string {
	text, err := os.ReadFile("posthog-go/go.mod")
	if err != nil {
		panic(err)
	}
	m := regexp.MustCompile(`posthog/posthog-go v(\S+)`).FindSubmatch(text)
	if m == nil {
		panic("posthog-go/go.mod requires no posthog-go")
	}
	return string(m[1])
}
