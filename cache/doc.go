// Package cache stores byte strings with an expiry, shares them between the processes of one user,
// and lets one process fetch a value that many processes need.
//
// The promise: a value that Get returns was stored under the same key by this user, has not expired
// and was not changed in between. A problem on the disk makes Get return a [*Miss] with a reason;
// it never causes a panic, a wait or another user's value. The cache may lose entries at any time:
// when nothing can be stored, [Cache.Do] still fetches.
//
// # Stores
//
// [Disk] is a [Store] with one file per entry. [Cache] combines a Store with the file locks of a
// Disk. Package cache/memory adds an in-memory Store for long-lived processes on top of another
// one.
//
// # Encryption
//
// Entries are sealed with AES-256-GCM. The seal covers the entry's key, so a file that is renamed
// to the name of another key does not open. The sealing key has 32 bytes. It is stored where a
// stolen disk, a backup or an image layer does not contain it: in the Linux kernel keyring, in the
// macOS login keychain, or protected by Windows DPAPI. If none of these is available, it is stored
// in a file in $XDG_RUNTIME_DIR if that is in memory, and otherwise in a file of mode 0600 beside
// the entries ([Options.SealingRequired] forbids the last one). [Disk.Status] reports which one is
// used.
//
// # Files
//
//	CACHEDIR.TAG, README   for backup programs and for people who find the directory
//	entries/ID-HASH        one entry: the ID of the sealing key, SHA-256 of the entry's key
//	entries/.cleaned       its modification time is the time of the last cleanup
//	hosts/NAME             host names that were recorded: empty files
//	locks/                 a fixed number of lock files, never removed
//	sealing-key            the sealing key, if no better store is available
//	key-*.dpapi            the sealing key, protected by Windows DPAPI
//
// Two machines that share a home directory have two sealing keys and therefore two sets of entry
// files. Neither machine opens or replaces the files of the other.
//
// # Limits
//
// Another process of the same user can read everything that the user can read. On Linux, root in a
// container that shares the host's user namespace shares the keyring of the host's root. On macOS,
// every Get runs /usr/bin/security. Locks need a file system that supports them: without locks,
// several processes may fetch the same value.
package cache
