package token

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLooksLikeEC2(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why   string
		files map[string]string
		want  bool
	}{
		{"Nitro", map[string]string{"sys_vendor": "Amazon EC2\n", "board_asset_tag": "i-0123456789abcdef0\n"}, true},
		{"Nitro, vendor unreadable", map[string]string{"board_asset_tag": "i-0123456789abcdef0\n"}, true},
		{"Xen", map[string]string{"sys_vendor": "Xen\n", "product_uuid": "EC2E1916-9099-7CAF-FD21-012345ABCDEF\n"}, true},
		{"Xen, lower case", map[string]string{"sys_vendor": "Xen\n", "product_uuid": "ec2e1916-9099-7caf-fd21-012345abcdef\n"}, true},
		{"another Xen", map[string]string{"sys_vendor": "Xen\n", "product_uuid": "45e12aec-dcd1-b213-94ed-012345abcdef\n"}, false},
		{"another vendor", map[string]string{"sys_vendor": "Amazon\n", "board_asset_tag": "asset i-01\n"}, false},
		{"empty files", map[string]string{"sys_vendor": "\n", "board_asset_tag": "\n", "product_uuid": "\n"}, false},
		{"no files", nil, false},
	}
	for _, test := range tests {
		dir := t.TempDir()
		for name, text := range test.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := looksLikeEC2(dir); got != test.want {
			t.Errorf("%s: %v", test.why, got)
		}
	}
	if looksLikeEC2(filepath.Join(t.TempDir(), "missing")) {
		t.Error("a missing directory looks like EC2")
	}
}
