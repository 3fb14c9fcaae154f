package main

import "fmt"

func programRows(r *results) (rows [][]string) {
	for _, p := range r.Programs {
		rows = append(rows, []string{p.Name, p.Details})
	}
	return rows
}

// others returns the peers after the first.
func (r *results) others() []string { return r.Peers[min(1, len(r.Peers)):] }

func targetHeader(r *results) []string {
	header := []string{"Measure", "Measured", "Target", ""}
	for _, id := range r.others() {
		header = append(header, "to "+r.nameOf(id))
	}
	return header
}

func targetRows(r *results) (rows [][]string) {
	for _, t := range targets(r) {
		cells := []string{t.Measure, t.Measured, t.Target, t.Verdict}
		for i := range r.others() {
			beside := ""
			if i < len(t.Beside) {
				beside = t.Beside[i]
			}
			cells = append(cells, beside)
		}
		rows = append(rows, cells)
	}
	return rows
}

func warmRows(r *results) (rows [][]string) {
	base := r.Warm.of(emptyID, staticKeys)
	for i := range r.Warm {
		m := &r.Warm[i]
		name := r.nameOf(m.Program)
		if m.Scene != staticKeys {
			name += ", " + m.Scene
		}
		row := []string{name, quartiles(m.Wall), times(m.Wall.over(base.Wall)), quartiles(m.CPU), times(m.CPU.over(base.CPU)), count(m.Faults.Median)}
		none := figure{Missing: errMissing.Error()}
		c := &cost{SystemCalls: none, Private: none}
		if counted := r.cost(m.Program, m.Scene); counted != nil {
			c = counted
		}
		rows = append(rows, append(row, c.SystemCalls.format(count), c.Private.format(megabytes)))
	}
	return rows
}

// missingReasons returns why columns of the first table are empty, each reason once.
func missingReasons(r *results) (reasons []string) {
	seen := map[string]bool{"": true}
	for _, c := range r.Costs {
		for what, f := range map[string]figure{"System calls": c.SystemCalls, "Private memory": c.Private} {
			if reason := f.Missing; !seen[reason] {
				seen[reason] = true
				reasons = append(reasons, what+": "+reason+".")
			}
		}
	}
	return reasons
}

// ids returns this helper and the first peer. Further peers appear in tables with a row for each
// program, and beside the targets.
func (r *results) ids() []string {
	if len(r.Peers) == 0 {
		return []string{oursID}
	}
	return []string{oursID, peerID}
}

// helperHeader returns the columns once for each helper.
func helperHeader(r *results, columns ...string) (header []string) {
	for _, id := range r.ids() {
		for _, c := range columns {
			header = append(header, r.nameOf(id)+": "+c)
		}
	}
	return header
}

func sourceHeader(r *results) []string {
	header := []string{"Source", "this helper: wall", "to static keys", "CPU", "to static keys", "connections"}
	if len(r.Peers) > 0 {
		header = append(header, r.nameOf(peerID)+": wall", "connections")
	}
	return header
}

func sourceTable(r *results) (rows [][]string) {
	static := r.Sources.of(oursID, staticKeys)
	for _, from := range sources {
		m := r.Sources.of(oursID, from.name)
		if m == nil || static == nil {
			continue
		}
		row := []string{from.name, quartiles(m.Wall), times(m.Wall.over(static.Wall)), quartiles(m.CPU), times(m.CPU.over(static.CPU)), count(float64(m.Connections))}
		if p := r.Sources.of(peerID, from.name); p != nil {
			row = append(row, quartiles(p.Wall), count(float64(p.Connections)))
		}
		rows = append(rows, row)
	}
	return rows
}

func entriesTable(r *results) (rows [][]string) {
	for _, n := range entryCounts {
		row := []string{thousands(float64(n))}
		for _, id := range r.ids() {
			if m := r.Entries.of(id, entryScene(n)); m != nil {
				row = append(row, quartiles(m.Wall), quartiles(m.CPU))
			} else {
				row = append(row, unknown, unknown)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func parallelTable(r *results, all volleys, calls bool) (rows [][]string) {
	for _, n := range volleyCounts {
		row := []string{thousands(float64(n))}
		for _, id := range r.ids() {
			v := all.of(id, n)
			if v == nil {
				continue
			}
			if calls {
				row = append(row, span(v.Calls))
			}
			row = append(row, quartiles(v.Wall), quartiles(v.CPU))
		}
		rows = append(rows, row)
	}
	return rows
}

// span formats a median count, with the middle half when counts differ.
func span(s spread) string {
	if s.Q1 == s.Q3 {
		return count(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", count(s.Median), count(s.Q1), count(s.Q3))
}

func coldTable(r *results) (rows [][]string) {
	for _, m := range r.Cold {
		rows = append(rows, []string{r.nameOf(m.Program), m.Scene, quartiles(m.Wall.minus(latencyMS)), quartiles(m.CPU), count(m.Faults.Median)})
	}
	return rows
}

func cliTable(r *results) (rows [][]string) {
	for _, m := range r.CLI {
		rows = append(rows, []string{r.nameOf(m.Program), quartiles(m.Wall), quartiles(m.CPU)})
	}
	return rows
}

// sizeRows is the number of parts with a row of their own.
const sizeRows = 12

func sizeTable(s size) (rows [][]string) {
	rest := s.Total
	line := func(name string, bytes int64) []string {
		return []string{name, megabytes(float64(bytes)), fmt.Sprintf("%.0f %%", 100*float64(bytes)/float64(s.Total))}
	}
	for _, g := range s.Groups[:min(sizeRows, len(s.Groups))] {
		rows = append(rows, line(g.Name, g.Bytes))
		rest -= g.Bytes
	}
	return append(rows, line("everything else", rest))
}
