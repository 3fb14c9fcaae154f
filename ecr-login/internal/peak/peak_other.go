//go:build !linux

package peak

import (
	"fmt"
	"os"
)

// Run can tell on Linux alone.
func Run(string, []string, *os.ProcAttr) (Memory, error) {
	return Memory{}, fmt.Errorf("%w: only Linux tells the peak of one process", ErrMissing)
}
