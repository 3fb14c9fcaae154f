package nearest

import "testing"

func TestWord(t *testing.T) {
	t.Parallel()
	known := []string{"dry-run", "profile", "json", "yes", "podman", "public"}
	for word, want := range map[string]string{
		"dryrun": "dry-run", "dry_run": "dry-run", "profil": "profile", "jsn": "json", "jason": "json", "publick": "public",
		"podman": "podman", "pubman": "podman",
		"": "", "x": "", "ys": "yes", "force": "", "dry": "", "profiles-of-all": "",
	} {
		if got := Word(word, known); got != want {
			t.Errorf("Word(%q) = %q, want %q", word, got, want)
		}
	}
}
