package registry

import (
	"errors"
	"strconv"
	"strings"
)

// Suffix is the DNS suffix of an additional partition, whose registries are at
// ID.dkr.ecr.REGION.SUFFIX. Its regions have two to four words of letters and a number, joined by
// hyphens.
type Suffix struct {
	Suffix    string // lower case, without a dot at either end
	Partition string // the name of the partition
}

// Validate returns an error when s cannot be used. A suffix or partition that this package knows
// already is rejected: settings extend the table and never change it.
func (s Suffix) Validate() error {
	switch {
	case s.Suffix != strings.ToLower(s.Suffix) || !isHostName(s.Suffix) || isIPv4(s.Suffix):
		return errors.New("partition suffix " + strconv.Quote(s.Suffix) + " is not a lower-case DNS name")
	case s.Partition == "":
		return errors.New("partition suffix " + strconv.Quote(s.Suffix) + " has no partition name")
	case s.Partition != strings.ToLower(s.Partition) || !isLabel(s.Partition):
		return errors.New("partition name " + strconv.Quote(s.Partition) + " is not one lower-case word")
	case partitionNamed(s.Partition) != nil:
		return errors.New("partition " + strconv.Quote(s.Partition) + " is built in")
	}
	for i := range partitions {
		if p := &partitions[i]; isUnder(s.Suffix, p.suffix) || isUnder(s.Suffix, p.dualStack) {
			return errors.New("partition suffix " + strconv.Quote(s.Suffix) + " is built in, for partition " + p.name)
		}
	}
	return nil
}

// partitionUnder returns the name of the additional partition with that suffix, or an empty string.
func (p Parser) partitionUnder(suffix string) string {
	for _, s := range p.Suffixes {
		if s.Suffix == suffix && s.Validate() == nil {
			return s.Partition
		}
	}
	return ""
}

// isUnder reports whether name is the domain or a name below it.
func isUnder(name, domain string) bool {
	rest, ok := strings.CutSuffix(name, domain)
	return domain != "" && ok && (rest == "" || strings.HasSuffix(rest, "."))
}
