package main

import (
	"cmp"
	"context"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// rootModule is the module of the program. helperPackage is the package whose binary is analysed.
const (
	rootModule    = "github.com/4e881efc/ecr-credential-helper"
	helperPackage = rootModule + "/ecr-login/docker-credential-ecr-login"
)

// size is the size of the stripped linux/amd64 binary and of its parts.
type size struct {
	Total  int64
	Groups []group // sorted by size, largest first; their sum is Total
}

type group struct {
	Name  string
	Bytes int64
}

// binarySize builds the helper twice, stripped and with symbols. Both have the same code and data.
func binarySize(ctx context.Context, dir string) (size, error) {
	linux := []string{"GOOS=linux", "GOARCH=amd64", "GOAMD64=v1"}
	short, long := filepath.Join(dir, "stripped"), filepath.Join(dir, "symbols")
	if err := build(ctx, short, linkFlags, linux, helperPackage); err != nil {
		return size{}, err
	}
	if err := build(ctx, long, "", linux, helperPackage); err != nil {
		return size{}, err
	}
	info, err := os.Stat(short)
	if err != nil {
		return size{}, err
	}
	file, err := elf.Open(long)
	if err != nil {
		return size{}, err
	}
	defer file.Close()
	groups, err := groupSymbols(file)
	if err != nil {
		return size{}, err
	}
	return sizeOf(info.Size(), groups), nil
}

// sizeOf sorts the groups and adds one for the rest of the file.
func sizeOf(total int64, groups map[string]int64) size {
	rest := total
	var list []group
	for name, bytes := range groups {
		list = append(list, group{name, bytes})
		rest -= bytes
	}
	list = append(list, group{"headers and gaps", rest})
	slices.SortFunc(list, func(a, b group) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
	})
	return size{total, list}
}

// groupSymbols sums the sizes of the symbols in sections that take space in the file.
func groupSymbols(file *elf.File) (map[string]int64, error) {
	symbols, err := file.Symbols()
	if err != nil {
		return nil, err
	}
	groups := make(map[string]int64)
	named := make([]int64, len(file.Sections))
	for _, s := range symbols {
		at := int(s.Section)
		if at >= len(file.Sections) || !inFile(file.Sections[at]) || s.Size == 0 {
			continue
		}
		groups[groupOf(s.Name)] += int64(s.Size)
		named[at] += int64(s.Size)
	}
	for i, section := range file.Sections {
		if !inFile(section) {
			continue
		}
		rest := int64(section.Size) - named[i]
		if rest < 0 {
			return nil, errors.New("the symbols of section " + section.Name + " are larger than it")
		}
		switch section.Name {
		case ".gopclntab":
			groups[functionTables] += rest
		case ".text": // gaps between functions: sizeOf counts them in the rest
		default:
			groups[namelessData] += rest
		}
	}
	return groups, nil
}

// inFile reports whether a section is part of a stripped binary's bytes.
func inFile(s *elf.Section) bool { return s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS }

// stripped reports whether a program has no symbol table. It returns true for a file that is not
// ELF.
func stripped(path string) bool {
	file, err := elf.Open(path)
	if err != nil {
		return true
	}
	defer file.Close()
	_, err = file.Symbols()
	return errors.Is(err, elf.ErrNoSymbols)
}
