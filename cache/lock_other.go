//go:build !unix

package cache

import "os"

const lockFlags = os.O_RDONLY | os.O_CREATE
