package awsconfig

import (
	"slices"
	"strings"
)

// A Listed is a profile with credentials of its own, and what the files say about it.
type Listed struct {
	Name   string
	Kind   Kind
	Region string // the setting region; may be empty

	// Account is the AWS account of the credentials. Empty: only STS knows it. Partition is set when
	// an ARN in the files names the account.
	Account, Partition string
}

// List returns the profiles that have credentials of their own, in the order of the config file and
// then of the credentials file. It leaves out profiles that cannot be used, such as one that needs an
// MFA code. It reads each file once, however many profiles there are.
func (c *Config) List() []Listed {
	names, x := c.newIndex()
	var all []Listed
	for _, name := range names {
		one := *c
		one.Input.Profile, one.index = name, x
		chain, err := one.Resolve()
		if err != nil || !chain.Named && (chain.Kind == Instance || chain.Kind == Container) {
			continue
		}
		p, _ := one.profile(name)
		l := Listed{Name: name, Kind: chain.Kind, Region: p.Get("region")}
		l.Account, l.Partition = chain.Account()
		all = append(all, l)
	}
	return all
}

// Account returns the account of the credentials, as far as the files name it, and its partition if
// an ARN names it.
func (c Chain) Account() (account, partition string) {
	switch {
	case len(c.Roles) > 0:
		return accountOf(c.Roles[len(c.Roles)-1].ARN)
	case c.Kind == SSO:
		return c.Portal.AccountID, ""
	case c.Kind == Login:
		return accountOf(c.Session)
	}
	return accountOf(c.Token.RoleARN)
}

// accountOf returns the account and the partition in an ARN; both are empty if the text is not an
// ARN.
func accountOf(arn string) (account, partition string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return "", ""
	}
	return parts[4], parts[1]
}

// An index has the sections of both files by name, for a caller that needs many of them.
type index struct {
	config, credentials map[string]Settings
	others              map[[2]string]Settings // those of Section by kind and name
}

// newIndex reads both files, and returns the names of the profiles in their order.
func (c *Config) newIndex() (names []string, x *index) {
	x = &index{others: map[[2]string]Settings{}}
	var inConfig, inCredentials []string
	inConfig, x.config = allSections(c.Config.Text, func(header string) string {
		words, ok := split(header)
		switch {
		case header == "default":
			return header
		case ok && len(words) == 2 && strings.HasPrefix(header, "profile"):
			return words[1]
		}
		return ""
	})
	inCredentials, x.credentials = allSections(c.Credentials.Text, func(header string) string { return header })
	return unique(slices.Concat(inConfig, inCredentials)), x
}

// allSections returns the settings of all sections by the name that nameOf returns for their header,
// and the names in the order of the text. A header without a name is skipped. For each name it returns
// what section returns.
func allSections(text []byte, nameOf func(header string) string) (names []string, all map[string]Settings) {
	all = map[string]Settings{}
	defaults := map[string]string{}
	last := map[string]string{} // the header of each name
	scan(text, func(h []byte) map[string]string {
		header := string(h)
		if header == "DEFAULT" {
			return defaults
		}
		name := nameOf(header)
		if name == "" {
			return nil
		}
		if all[name] == nil || last[name] != header {
			names = append(names, name)
			all[name], last[name] = Settings{}, header
		}
		return all[name]
	})
	for _, s := range all {
		for key, value := range defaults {
			if _, ok := s[key]; !ok {
				s[key] = value
			}
		}
		trimLines(s)
	}
	return unique(names), all
}

// unique returns the strings without repetitions, in the same order.
func unique(all []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(s string) bool {
		again := seen[s]
		seen[s] = true
		return again
	})
}
