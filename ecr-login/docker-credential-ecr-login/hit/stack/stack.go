// Package stack makes the stack of the first goroutine as large as a cache hit needs it, before anything else is
// initialised.
//
// A stack grows by being copied, and for that Go looks up every function that is on it, in tables that lie all over
// the program's file. A hit would come upon that twice, once in the depth of its own work. Here it happens once, with
// nothing on the stack but Go's own start. A package that imports nothing is initialised among the first; if it ever
// is not, or if a hit needs more than this, the stack grows where it always did.
package stack

func init() { room(-1) }

// room asks for the stack in its prologue. The array must not be touched.
//
//go:noinline
func room(i int) byte {
	if i < 0 {
		return 0
	}
	var frame [10 << 10]byte
	return frame[i]
}
