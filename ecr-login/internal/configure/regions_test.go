package configure

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// The known regions are those of the AWS SDK that this module uses, each in its partition.
func TestKnownRegions(t *testing.T) {
	t.Parallel()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "internal", "endpoints", "awsrulesfn", "partitions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Partitions []struct {
			ID      string
			Regions map[string]any
		}
	}
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, p := range table.Partitions {
		for region := range p.Regions {
			if strings.HasSuffix(region, "-global") {
				continue // for services without a region
			}
			want = append(want, region)
			if r, err := (registry.Parser{}).InRegion(region); err != nil || r.Partition != p.ID {
				t.Errorf("%s is in partition %q, %v; want %s", region, r.Partition, err, p.ID)
			}
		}
	}
	slices.Sort(want)
	if got := knownRegions; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
