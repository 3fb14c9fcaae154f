package config

import (
	"strings"
	"testing"
)

// FuzzDecode checks that decode returns settings, or an error with the file and a line, and that it
// leaves the settings unchanged after an error. In a text without multi-line strings every
// [[registry]] gives a rule.
func FuzzDecode(f *testing.F) {
	f.Add("timeout = \"1s\"\n[[registry]]\nmatch = \"*\"\nprofile = \"a\"\n")
	f.Add("registry = [{match = \"111122223333\"},\n{match = \"444455556666\", fips = true}]\n")
	f.Add("[registry]\nmatch = \"*\"\n")
	f.Add("registry.match = \"*\"\n")
	f.Add("[[registry]]\nmatch = \"images.example.com\"\nhost = \"111122223333.dkr.ecr.eu-west-1.amazonaws.com\"\n")
	f.Add("[[registry]]\nmatch = \"*\"\nendpoint = \"https://{region}.example\"\nrole_arn = \"arn:{partition}:iam::{account}:role/x\"\n")
	f.Add("partitions = [{suffix = \"a.example\", partition = \"b\"}]\n[[registry.x]]\n")
	f.Fuzz(func(t *testing.T, text string) {
		var s Settings
		if problem := decode(&s, "file", []byte(text)); problem != nil {
			if problem.Path != "file" || problem.Message == "" || problem.Line < 1 || problem.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("%q: %#v", text, problem)
			}
			if s.Path != "" || s.Rules != nil || s.Partitions != nil {
				t.Fatalf("%q: %+v after the error %v", text, s, problem)
			}
			return
		}
		headings := 0
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "[[registry]]") {
				headings++
			}
		}
		if len(s.Rules) < headings && !strings.Contains(text, `"""`) && !strings.Contains(text, "'''") {
			t.Fatalf("%q has %d rules", text, len(s.Rules))
		}
		for i, r := range s.Rules {
			if r.Line < 1 || r.Match == "" || i > 0 && r.Line < s.Rules[i-1].Line {
				t.Fatalf("%q: rule %+v", text, r)
			}
		}
	})
}
