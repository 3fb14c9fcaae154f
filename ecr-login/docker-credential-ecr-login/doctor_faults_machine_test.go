package main

// machineFaults are faults of the settings and the cache.
var machineFaults = []fault{
	{
		name:   "unknown key in the settings",
		change: func(p *fixture) { p.user = p.settings("timeout = \"15s\"\nfallbak = \"pass\"\n") },
		code:   1,
		want: `✘ settings     $ECR_LOGIN_CONFIG:2: unknown key "fallbak", did you mean "fallback"?
               fix: use fallback instead
! not checked  fallback, passwords, cache, sealing: settings failed
! not checked  credentials, api, token, registry, image, layers: settings failed
`,
	},
	{
		name:   "unknown environment variable",
		change: func(p *fixture) { p.set("ECR_LOGIN_TIMEOUTT=5s") },
		want: `! settings     unknown environment variable ECR_LOGIN_TIMEOUTT
               fix: correct its name; see: docker-credential-ecr-login help environment
`,
	},
	{
		name:   "relative directory of the cache",
		change: func(p *fixture) { p.set("AWS_ECR_CACHE_DIR=tokens") },
		want: `! cache        tokens is relative, so each working directory has a cache of its own
               fix: set AWS_ECR_CACHE_DIR to an absolute path
`,
	},
	{
		name:   "fallback missing",
		change: func(p *fixture) { p.user = p.settings("fallback = \"pass\"\n") },
		code:   1,
		want: `✘ fallback     fallback helper docker-credential-pass ($ECR_LOGIN_CONFIG) not found on PATH; registries other than ECR fail
               fix: install it, or remove fallback from the settings
`,
	},
	{
		name:   "fallback that is this program",
		change: func(p *fixture) { p.install("bin/docker-credential-other"); p.set("ECR_LOGIN_FALLBACK=other") },
		code:   1,
		want: `✘ fallback     fallback helper $DIR/bin/docker-credential-other (ECR_LOGIN_FALLBACK) is this program itself
               fix: name another helper, or none
`,
	},
	{
		name:   "cache disabled",
		change: func(p *fixture) { p.set("AWS_ECR_DISABLE_CACHE=1") },
		want: `! cache        disabled by AWS_ECR_DISABLE_CACHE; every pull calls AWS
               fix: unset it, unless tokens must not be stored
`,
	},
	{
		name:   "cache that cannot lock",
		change: func(p *fixture) { p.file(".cache/ecr-login/locks", "") },
		want: `! cache        $DIR/.cache/ecr-login cannot be locked (*); programs that start at the same time each call AWS
               fix: set AWS_ECR_CACHE_DIR to a directory on a local disk
`,
	},
	{
		name: "cache writable by others",
		change: func(p *fixture) {
			// The cache in the home directory is next, not root's cache of this machine.
			p.set("CACHE_DIRECTORY=" + p.path("service"))
			p.file("service/ecr-login/CACHEDIR.TAG", "")
			p.chmod("service/ecr-login", 0o777)
		},
		want: `! cache        $DIR/service/ecr-login is not used: group or others can write to it
               fix: chmod go-w $DIR/service/ecr-login
`,
	},
}
