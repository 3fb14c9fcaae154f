package registry

import (
	"errors"
	"strconv"
)

// InRegion is a private registry of the region, of no account: what a token is asked for when only a region is
// known. The error says why the region's name cannot be one; whether it exists is not known here.
func (p Parser) InRegion(region string) (Registry, error) {
	r := Registry{Region: region, Service: Private}
	if home := partitionOf(region); home != nil {
		r.Partition = home.name
		return r, nil
	}
	if isRegion(region) {
		for _, s := range p.Suffixes {
			if s.Validate() == nil {
				r.Partition = s.Partition
				return r, nil
			}
		}
	}
	return Registry{}, errors.New("no partition of AWS has a region of the form " + strconv.Quote(region))
}

// PublicRegistry is ECR Public, wherever it is asked from.
func PublicRegistry() Registry {
	return Registry{Region: publicRegion, Partition: "aws", Service: Public}
}
