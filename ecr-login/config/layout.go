package config

import (
	"bytes"
	"slices"

	"github.com/pelletier/go-toml/v2/unstable"
)

// places are the lines on which a file's tables and keys stand, which the
// decoder does not hand over.
type places struct {
	top        place
	partitions []place
	registries []place
}

// place is where a table begins and where its keys are.
type place struct {
	line int
	keys map[string]int
}

// of is the line of a key, that of the table when the table has no such key.
func (p place) of(key string) int {
	if line, ok := p.keys[key]; ok {
		return line
	}
	return p.line
}

// layout walks a file's syntax tree, in the file's order.
type layout struct {
	parser unstable.Parser
	places places

	// The line at an offset that was reached, so that lines are counted once.
	offset, line int
}

// layOut finds the lines in a file that the decoder has accepted. It refuses
// what the decoder lets through although it says something else: keys in another
// case, and [registry], of which the decoder makes no rule at all.
func layOut(text []byte) (places, *Error) {
	l := &layout{line: 1}
	l.parser.Reset(text)
	l.places.top.keys = map[string]int{}
	table, current := "", &l.places.top
	for l.parser.NextExpression() {
		node := l.parser.Expression()
		key, line := l.keyOf(node)
		if len(key) == 0 {
			continue // a comment
		}
		list := l.places.array(key[0])
		switch {
		case node.Kind == unstable.KeyValue:
			if problem := l.keyValue(node, key, line, table, current); problem != nil {
				return places{}, problem
			}
		case len(key) > 1 || list == nil:
			return places{}, at(line, unknownKey(key))
		case node.Kind == unstable.Table:
			return places{}, at(line, wantBrackets(key[0]))
		default:
			table, current = key[0], add(list, line)
		}
	}
	return l.places, nil
}

// keyValue notes a key of a table and, where its value is an array of tables in
// brackets, the keys in those.
func (l *layout) keyValue(node *unstable.Node, key []string, line int, table string, current *place) *Error {
	if len(key) > 1 && table == "" && l.places.array(key[0]) != nil {
		return at(line, wantBrackets(key[0]))
	}
	if len(key) > 1 || !slices.Contains(keysIn(table), key[0]) {
		if table != "" {
			key = append([]string{table}, key...)
		}
		return at(line, unknownKey(key))
	}
	current.keys[key[0]] = line
	list := l.places.array(key[0])
	if table != "" || list == nil {
		return nil
	}
	for elements := node.Value().Children(); elements.Next(); {
		element := elements.Node()
		inner := add(list, l.lineAt(int(element.Raw.Offset)))
		for pairs := element.Children(); pairs.Next(); {
			innerKey, line := l.keyOf(pairs.Node())
			if problem := l.keyValue(pairs.Node(), innerKey, line, key[0], inner); problem != nil {
				return problem
			}
		}
	}
	return nil
}

// keyOf is a node's dotted key and the line on which it begins.
func (l *layout) keyOf(node *unstable.Node) (key []string, line int) {
	if node.Kind != unstable.KeyValue && node.Kind != unstable.Table && node.Kind != unstable.ArrayTable {
		return nil, 0
	}
	for parts := node.Key(); parts.Next(); {
		part := parts.Node()
		if len(key) == 0 {
			line = l.lineAt(int(part.Raw.Offset))
		}
		key = append(key, string(part.Data))
	}
	return key, line
}

// lineAt is the line of an offset, which is not before the last one asked for.
func (l *layout) lineAt(offset int) int {
	l.line += bytes.Count(l.parser.Data()[l.offset:offset], []byte{'\n'})
	l.offset = offset
	return l.line
}

// array is the list for a key whose value is an array of tables, nil for others.
func (l *places) array(key string) *[]place {
	switch key {
	case "partitions":
		return &l.partitions
	case "registry":
		return &l.registries
	}
	return nil
}

func add(list *[]place, line int) *place {
	*list = append(*list, place{line: line, keys: map[string]int{}})
	return &(*list)[len(*list)-1]
}

func wantBrackets(key string) *Error {
	return &Error{Key: key, Message: "write [[" + key + "]], with two brackets on each side"}
}

func at(line int, e *Error) *Error {
	e.Line = line
	return e
}
