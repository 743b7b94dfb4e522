package bench

import (
	"fmt"
	"os"
	"path/filepath"
)

// key is the capture key of the private instance.
const key = "phc_bench"

// writeProject writes the files of the private instance.
func writeProject(dir string) error {
	files := map[string]string{
		"prickle.yaml": fmt.Sprintf(`
project: {name: bench}
capture: {listen: "127.0.0.1:0", keys: [%s]}
pipelines:
  bench:
    transforms:
      - hog: enrich.hog
    destinations:
      - warehouse
`, key),
		"enrich.hog": `
let e := event
if (e.properties.amount != null) {
    e.properties.tier := if(e.properties.amount >= 1000, 'large', 'small')
    e.properties.currency := upper(e.properties.currency ?? 'eur')
}
if (notEmpty(e.properties.email)) {
    e.properties.email_domain := lower(splitByString('@', e.properties.email)[2])
}
return e
`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
