package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline/hogcase"
	"github.com/spf13/cobra"
)

func newHogTest(p *projectFlag) *cobra.Command {
	var pattern string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Test Hog programs by cases in YAML",
		Long: `Runs the cases of foo.test.yaml on the program foo.hog beside it, for each test file in the named folders and below; without a name, in
this folder. A program and a test file can be named too. The exit code is 1 when a case fails or a file has a mistake, and then nothing
is run. docs/hog/tools.md has the form of the files.`,
		Example: `  prickle hog test
  prickle hog test functions/enrich.hog --run 'large'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted, err := regexp.Compile(pattern)
			if err != nil {
				return fmt.Errorf("--run: %w", err)
			}
			if len(args) == 0 {
				args = []string{"."}
			}
			suites, untested, err := loadSuites(args)
			if err != nil {
				return err
			}
			report := hogReport{Cases: []hogCaseLine{}, Untested: append([]string{}, untested...)}
			for _, s := range suites {
				report.add(s, s.Run(cmd.Context(), wanted.MatchString))
			}
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if report.Passed+report.Failed == 0 {
				return fmt.Errorf("--run: no case has a name that matches %q", pattern)
			}
			return report.write(p.std.out, asJSON)
		},
	}
	cmd.Flags().StringVar(&pattern, "run", "", "run only the cases whose name matches a `regexp`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// loadSuites reads all test files and reports the mistakes of all.
func loadSuites(paths []string) (suites []*hogcase.Suite, untested []string, err error) {
	found, err := hogcase.Find(paths)
	errs := []error{err}
	for _, path := range found.Tests {
		s, err := hogcase.Load(path)
		suites, errs = append(suites, s), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, configs.Errors(configs.AsErrors(err))
	}
	if len(suites) == 0 {
		return nil, nil, fmt.Errorf("no tests found: the test of foo.hog is foo%s beside it", hogcase.Suffix)
	}
	return suites, found.Untested, nil
}
