// Package cache keeps byte strings with times between processes, and lets one
// process fetch what many want.
//
// The promise: what Get returns was put under the same key by this user, is
// not past its life, and was not changed on the way. Whatever is wrong with
// the disk, the answer is a miss with a reason, never a panic, never a wait
// and never somebody else's bytes. The cache is a hint: when nothing can be
// kept, [Cache.Do] still fetches.
//
// # Tiers
//
// [Disk] is a [Store] with one file for each entry. [Cache] joins a Store with
// the disk's locks. Package cache/memory puts a tier for long-lived processes
// over a Store.
//
// # At rest
//
// Entries are sealed with AES-256-GCM. The entry's key is bound into the seal,
// so that a file moved to another key's name does not open. The sealing key is
// 32 bytes that live where a stolen disk, a backup or an image layer does not
// carry them: the Linux kernel keyring, the macOS login keychain, Windows
// DPAPI; where there is no such place, memory-backed $XDG_RUNTIME_DIR, else a
// file of mode 0600 beside the entries ([Options.SealingRequired] forbids that
// last one). [Disk.Status] says which it is.
//
// # On disk
//
//	CACHEDIR.TAG, README   for backup programs, and the stranger who finds the folder
//	entries/ID-HASH        one entry: the sealing key's id, SHA-256 of the entry's key
//	entries/.cleaned       its time is that of the last cleaning
//	hosts/NAME             notes: empty files
//	locks/                 a fixed number of lock files, never removed
//	sealing-key            only where the sealing key has no better place
//	key-*.dpapi            the sealing key as Windows DPAPI protects it
//
// Two machines that share a home folder have two sealing keys and so two sets
// of files; neither opens nor replaces the other's.
//
// # Limits
//
// A process of the same user can read what the user can read. On Linux, root in
// a container that shares the host's user namespace shares the keyring of the
// host's root. On macOS every Get runs /usr/bin/security. Locks are the file
// system's: where it has none, the same thing may be fetched more than once.
package cache
