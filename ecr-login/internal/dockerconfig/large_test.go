package dockerconfig

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// large returns a file with n logins and n helpers.
func large(n int) []byte {
	var b bytes.Buffer
	b.WriteString("{\n\t\"auths\": {")
	for i := range n {
		fmt.Fprintf(&b, "%s\n\t\t\"https://%d.example.com/v2/\": {}", strings.Repeat(",", min(i, 1)), i)
	}
	b.WriteString("\n\t},\n\t\"credHelpers\": {")
	for i := range n {
		fmt.Fprintf(&b, "%s\n\t\t\"%d.example.com\": \"pass\"", strings.Repeat(",", min(i, 1)), i)
	}
	b.WriteString("\n\t}\n}\n")
	return b.Bytes()
}

// Twice the entries need twice the allocations, not four times.
func TestWorkGrowsWithFile(t *testing.T) {
	work := func(n int) float64 {
		text := large(n)
		var hosts, keys []string
		for i := range n {
			hosts = append(hosts, fmt.Sprintf("%d.example.com", i+n/2)) // half of them exist
			keys = append(keys, fmt.Sprintf("https://%d.example.com/v2/", i+n/2))
		}
		return testing.AllocsPerRun(1, func() {
			c, err := Parse(text, Docker)
			if err != nil {
				t.Fatal(err)
			}
			var r Record
			c.SetHelpers(hosts, func(string) string { return "ecr-login" }, &r)
			c.RemoveAuth(keys...)
			now := c.Current(&r)
			if len(now.Entries) != n || len(c.Auths()) != n/2 || len(c.Helpers()) != n+n/2 {
				t.Fatalf("%d entries, %d logins, %d helpers", len(now.Entries), len(c.Auths()), len(c.Helpers()))
			}
			c.Undo(now, hosts...)
			c.RemoveHelper(hosts...)
		})
	}
	if one, two := work(1000), work(2000); two > 3*one {
		t.Errorf("%.0f allocations for a thousand, %.0f for two", one, two)
	}
}

// The lines are counted once: to find a line does not need the text.
func TestLinesAreCountedOnce(t *testing.T) {
	t.Parallel()
	const n = 100
	c := sound(t, string(large(n)), Docker)
	c.text = nil
	auths, helpers := c.Auths(), c.Helpers()
	if auths[0].Line != 3 || auths[n-1].Line != n+2 || helpers[0].Line != n+5 || helpers[n-1].Line != 2*n+4 {
		t.Errorf("%+v, %+v, %+v, %+v", auths[0], auths[n-1], helpers[0], helpers[n-1])
	}
}
