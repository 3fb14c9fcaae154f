package config

import (
	"bytes"
	"slices"

	"github.com/pelletier/go-toml/v2/unstable"
)

// positions are the lines of a file's tables and keys, which the decoder does not return.
type positions struct {
	top        position
	partitions []position
	registries []position
}

// position is the line where a table begins, and the lines of its keys.
type position struct {
	line int
	keys map[string]int
}

// of returns the line of a key, or that of the table when the table does not have the key.
func (p position) of(key string) int {
	if line, ok := p.keys[key]; ok {
		return line
	}
	return p.line
}

// positionFinder walks the syntax tree of a file, in the order of the file.
type positionFinder struct {
	parser    unstable.Parser
	positions positions

	// offset and line are the last position that lineAt returned, so that lines are counted once.
	offset, line int
}

// findPositions returns the positions in a file that the decoder has accepted. It rejects what the
// decoder accepts although it means something else: keys in another letter case, and [registry],
// which the decoder does not read as a rule.
func findPositions(text []byte) (positions, *Error) {
	f := &positionFinder{line: 1}
	f.parser.Reset(text)
	f.positions.top.keys = map[string]int{}
	table, current := "", &f.positions.top
	for f.parser.NextExpression() {
		node := f.parser.Expression()
		key, line := f.keyOf(node)
		if len(key) == 0 {
			continue // a comment
		}
		list := f.positions.array(key[0])
		switch {
		case node.Kind == unstable.KeyValue:
			if problem := f.keyValue(node, key, line, table, current); problem != nil {
				return positions{}, problem
			}
		case len(key) > 1 || list == nil:
			return positions{}, at(line, unknownKey(key))
		case node.Kind == unstable.Table:
			return positions{}, at(line, wantBrackets(key[0]))
		default:
			table, current = key[0], add(list, line)
		}
	}
	return f.positions, nil
}

// keyValue records the position of a key and, if its value is an array of inline tables, the
// positions of the keys in those.
func (f *positionFinder) keyValue(node *unstable.Node, key []string, line int, table string, current *position) *Error {
	if len(key) > 1 && table == "" && f.positions.array(key[0]) != nil {
		return at(line, wantBrackets(key[0]))
	}
	if len(key) > 1 || !slices.Contains(keysOf(table), key[0]) {
		if table != "" {
			key = append([]string{table}, key...)
		}
		return at(line, unknownKey(key))
	}
	current.keys[key[0]] = line
	list := f.positions.array(key[0])
	if table != "" || list == nil {
		return nil
	}
	for elements := node.Value().Children(); elements.Next(); {
		element := elements.Node()
		inner := add(list, f.lineAt(int(element.Raw.Offset)))
		for pairs := element.Children(); pairs.Next(); {
			innerKey, line := f.keyOf(pairs.Node())
			if problem := f.keyValue(pairs.Node(), innerKey, line, key[0], inner); problem != nil {
				return problem
			}
		}
	}
	return nil
}

// keyOf returns a node's dotted key and the line where it begins.
func (f *positionFinder) keyOf(node *unstable.Node) (key []string, line int) {
	if node.Kind != unstable.KeyValue && node.Kind != unstable.Table && node.Kind != unstable.ArrayTable {
		return nil, 0
	}
	for parts := node.Key(); parts.Next(); {
		part := parts.Node()
		if len(key) == 0 {
			line = f.lineAt(int(part.Raw.Offset))
		}
		key = append(key, string(part.Data))
	}
	return key, line
}

// lineAt returns the line of an offset, which must not be before that of the previous call.
func (f *positionFinder) lineAt(offset int) int {
	f.line += bytes.Count(f.parser.Data()[f.offset:offset], []byte{'\n'})
	f.offset = offset
	return f.line
}

// array returns the list for a key whose value is an array of tables, nil for any other key.
func (p *positions) array(key string) *[]position {
	switch key {
	case "partitions":
		return &p.partitions
	case "registry":
		return &p.registries
	}
	return nil
}

func add(list *[]position, line int) *position {
	*list = append(*list, position{line: line, keys: map[string]int{}})
	return &(*list)[len(*list)-1]
}

func wantBrackets(key string) *Error {
	return &Error{Key: key, Message: "write [[" + key + "]], with two brackets on each side"}
}

func at(line int, e *Error) *Error {
	e.Line = line
	return e
}
