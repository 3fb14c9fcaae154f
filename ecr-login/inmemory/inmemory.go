// Package inmemory configures an ecrlogin.Helper that stores its tokens only in the memory of the
// process, for controllers and servers.
//
// It is a package of its own because go-cache, which it uses, imports encoding/gob. Initializing
// that takes a fifth of the time of a whole cache hit of the command line program, which imports
// ecrlogin too.
package inmemory

import (
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/cache/memory"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
)

// Options returns o with the defaults for a Helper that writes nothing to disk: the default
// settings and a store in memory, with the clock of o. Settings and a Tier that o has already stay,
// so that several Helpers can share a Tier; of the settings, Cache becomes false.
//
//	helper := ecrlogin.New(inmemory.Options(ecrlogin.Options{Config: &cfg}))
//
// Without a Config the AWS environment variables and files are still read.
func Options(o ecrlogin.Options) ecrlogin.Options {
	settings := config.Default()
	if o.Settings != nil {
		settings = *o.Settings
	}
	settings.Cache = false
	o.Settings = &settings
	if o.Clock.Boot == nil {
		o.Clock.Boot = bootOf(o.Clock)
	}
	if o.Tier == nil {
		clock := o.Clock
		o.Tier = func(cache.Store) cache.Store {
			tier := memory.Over(nil)
			tier.Clock = clock
			return tier
		}
	}
	return o
}

var processStart = time.Now()

// bootOf returns a boot clock that reads no file: it counts from the start of the process, unless
// the wall clock is simulated.
func bootOf(c cache.Clock) func() (string, time.Duration, bool) {
	simulated := c.Now != nil
	return func() (string, time.Duration, bool) { return "process", time.Since(processStart), !simulated }
}
