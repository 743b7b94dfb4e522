package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// key is the capture key of the private instance.
const key = "phc_bench"

// project is a prickle.yaml with what every case needs, and the sections given.
func project(sections string) string {
	return fmt.Sprintf(`
project: {name: bench}
capture: {listen: "127.0.0.1:0", keys: [%s]}
%s
`, key, sections)
}

// wholePath is a pipeline with a Hog function.
func wholePath(destinations ...string) string {
	return pipelines("bench", "[hog: enrich.hog]", destinations)
}

func pipelines(name, transforms string, destinations []string) string {
	return fmt.Sprintf("pipelines:%s", pipelineText(name, transforms, destinations))
}

func pipelineText(name, transforms string, destinations []string) string {
	return fmt.Sprintf(`
  %s:
    transforms: %s
    destinations:
      - %s`, name, transforms, strings.Join(destinations, "\n      - "))
}

const enrich = `
let e := event
if (e.properties.amount != null) {
    e.properties.tier := if(e.properties.amount >= 1000, 'large', 'small')
    e.properties.currency := upper(e.properties.currency ?? 'eur')
}
if (notEmpty(e.properties.email)) {
    e.properties.email_domain := lower(splitByString('@', e.properties.email)[2])
}
return e
`

// writeProject writes the files of the private instance.
func writeProject(dir, config string) error {
	for name, text := range map[string]string{"prickle.yaml": config, "enrich.hog": enrich} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
