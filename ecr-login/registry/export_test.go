package registry

// A Partition describes one entry of the table to tests outside the package.
type Partition struct {
	Name   string
	Sample []Registry // one registry for each kind of host that the partition has
}

// Partitions returns the table of partitions.
func Partitions() []Partition {
	var all []Partition
	for _, p := range partitions {
		region := p.prefix
		if p.country {
			region += "xx-"
		}
		r := Registry{Account: "123456789012", Region: region + "north-1", Partition: p.name, Service: Private}
		out := Partition{Name: p.name}
		for _, kind := range []struct{ fips, dualStack bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
			if kind.fips && !p.fips || kind.dualStack && p.dualStack == "" {
				continue
			}
			r.FIPS, r.DualStack = kind.fips, kind.dualStack
			out.Sample = append(out.Sample, r)
		}
		all = append(all, out)
	}
	return all
}

// AddPartition adds a partition to the table, with regions such as moon-north-1, and returns a
// function that removes it.
func AddPartition() (remove func()) {
	before := partitions
	partitions = append([]partition{{
		name: "aws-moon", prefix: "moon-", suffix: "amazonaws.moon.example", dualStack: "on.moon.example", fips: true,
	}}, partitions...)
	return func() { partitions = before }
}
