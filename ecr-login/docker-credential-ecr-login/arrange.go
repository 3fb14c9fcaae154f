package main

// These imports arrange the program's file. What a hit runs should lie together in it: the kernel maps a file in
// pieces of 64 KiB around each address that is touched, and a hit is charged for all of them.
//
// The linker puts packages in the order in which it comes upon them from main, each after all that it imports, and
// the compiler names the imports of a package's first file first. So this file's name sorts before the others'. The
// first import has nothing below it but Go's runtime and lies at its side, as do its entries in the tables that
// growing a stack looks up. Then comes what a hit runs, and then what Go initialises before it although it does not
// need it (see package hit), because its path sorts before ours; all of it is linked in any case.
//
// None of this changes what the program does. A test looks where the packages lie.
import (
	_ "github.com/4e881efc/ecr-credential-helper/ecr-login/docker-credential-ecr-login/hit/stack"

	_ "github.com/4e881efc/ecr-credential-helper/ecr-login/docker-credential-ecr-login/hit"

	_ "compress/gzip"
	_ "crypto/hkdf"
	_ "crypto/md5"
	_ "crypto/mlkem"
	_ "crypto/sha1"
	_ "crypto/sha3"
	_ "crypto/sha512"
	_ "encoding/xml"
	_ "flag"
	_ "hash/crc32"
	_ "os/signal"

	_ "github.com/tailscale/hujson"
)
