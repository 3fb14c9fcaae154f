package main

// These imports arrange the program's file. What a hit runs should lie together in it: the kernel maps a file in
// pieces of 64 KiB around each address that is touched, and a hit is charged for all of them.
//
// The linker puts packages in the order in which it comes upon them from main, each after all that it imports, and
// the compiler names the imports of a package's first file first. So this file's name sorts before the others'. The
// first import has nothing below it but Go's runtime and lies at its side, as do its entries in the tables that
// growing a stack looks up. Then comes what a hit runs, and then what Go initialises before it although it does not
// need it (see package hit), because it is ready sooner; all of it is linked in any case. The small ones come first, so
// that they share a piece.
//
// None of this changes what the program does. A test looks where the packages lie.
import (
	_ "github.com/4e881efc/ecr-credential-helper/ecr-login/docker-credential-ecr-login/hit/stack"

	_ "github.com/4e881efc/ecr-credential-helper/ecr-login/docker-credential-ecr-login/hit"

	_ "os/signal"

	_ "hash/crc32"

	_ "crypto/hkdf"
	_ "crypto/md5"
	_ "crypto/sha1"
	_ "crypto/sha3"
	_ "crypto/sha512"

	_ "flag"

	_ "github.com/tailscale/hujson"

	_ "compress/gzip"

	_ "encoding/xml"

	_ "crypto/mlkem"
)
