package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"
)

// writeArchive writes the archive of a target: zip for Windows, else tar.gz. The directories in it
// are those below a prefix such as /usr/local.
func (r *release) writeArchive(t target, binary string) error {
	if t.os == "windows" {
		return r.writeZip(t, binary)
	}
	files, err := r.tree(t, binary, makePrefix)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a valid level
	if err := writeTar(z, r.name(t, "/"), files, r.commit.time); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, r.name(t, ".tar.gz")), b.Bytes(), 0o644)
}

// writeTar writes files and their directories, owned by root, with the given time. Every name
// begins with top.
func writeTar(w io.Writer, top string, files map[string]file, mtime time.Time) error {
	a := tar.NewWriter(w)
	made := map[string]bool{".": true}
	var directory func(name string) error
	directory = func(name string) error {
		if made[name] {
			return nil
		}
		made[name] = true
		if err := directory(path.Dir(name)); err != nil {
			return err
		}
		return a.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, ModTime: mtime, Format: tar.FormatPAX})
	}
	for _, name := range sorted(files) {
		f := files[name]
		name = path.Join(top, name)
		if err := directory(path.Dir(name)); err != nil {
			return err
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(f.mode), Size: int64(len(f.data)), ModTime: mtime, Format: tar.FormatPAX}
		if f.link != "" {
			h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.link, 0o777
		}
		if err := a.WriteHeader(h); err != nil {
			return err
		}
		if _, err := a.Write(f.data); err != nil {
			return err
		}
	}
	return a.Close()
}

func (r *release) writeZip(t target, binary string) error {
	data, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		program + ".exe": data,
		"LICENSE":        r.docs["share/doc/ecr-login/LICENSE"].data,
		"config.toml":    r.docs["share/doc/ecr-login/config.toml"].data,
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range sorted(files) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: r.commit.time})
		if err != nil {
			return err
		}
		if _, err := w.Write(files[name]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, r.name(t, ".zip")), b.Bytes(), 0o644)
}
