package dockerconfig

import (
	"maps"
	"slices"
)

// Rules records the rules that were added to a settings file.
type Rules struct {
	Record        // what was created for them
	Added  []Rule `json:"added"`
}

// A Rule is a rule of the settings that was added to name the profile of a registry.
type Rule struct {
	Registry string `json:"registry"`
	Profile  string `json:"profile"`
	Newlines int    `json:"newlines"` // that were added before it
}

// Rules returns a copy of the record of a settings file. It is empty if the file has no record.
func (j *Journal) Rules(path string) *Rules {
	r := j.rules[Real(path)]
	if r == nil {
		return &Rules{}
	}
	return &Rules{Record: *r.clone(), Added: slices.Clone(r.Added)}
}

// RuleFiles returns the real paths of the settings files with recorded rules, sorted.
func (j *Journal) RuleFiles() []string { return slices.Sorted(maps.Keys(j.rules)) }

// PutRules replaces the record of a settings file, and removes it when it has no rules.
func (j *Journal) PutRules(path string, r *Rules) error {
	path = Real(path)
	if len(r.Added) > 0 {
		j.rules[path] = r
	} else if j.rules[path] == nil {
		return nil
	} else {
		delete(j.rules, path)
	}
	return j.save()
}
