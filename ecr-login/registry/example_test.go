package registry_test

import (
	"errors"
	"fmt"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

func ExampleParse() {
	r, err := registry.Parse("https://123456789012.dkr-ecr-fips.us-gov-west-1.on.aws/v2/")
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Account, r.Region, r.Partition, r.FIPS, r.DualStack)
	fmt.Println(r.Host())

	_, err = registry.Parse("123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example")
	fmt.Println(errors.Is(err, registry.ErrNotECR))
	fmt.Println(err)
	// Output:
	// 123456789012 us-gov-west-1 aws-us-gov true true
	// 123456789012.dkr-ecr-fips.us-gov-west-1.on.aws
	// true
	// not an Amazon ECR registry: partition aws has no hosts like "ID.dkr.ecr.REGION.amazonaws.com.evil.example"
}

func ExampleParser() {
	p := registry.Parser{Suffixes: []registry.Suffix{{Suffix: "amazonaws.example", Partition: "aws-new"}}}
	r, err := p.Parse("123456789012.dkr.ecr.moon-north-1.amazonaws.example")
	fmt.Println(r.Partition, r.Region, err)
	// Output: aws-new moon-north-1 <nil>
}

func ExampleHost() {
	for _, serverURL := range []string{"https://GHCR.io/", "http://localhost:5000/v2/", "registry.example:443"} {
		host, err := registry.Host(serverURL)
		fmt.Println(host, err)
	}
	// Output:
	// ghcr.io <nil>
	// localhost:5000 <nil>
	// registry.example <nil>
}
