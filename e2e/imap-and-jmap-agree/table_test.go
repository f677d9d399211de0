package agree_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// inbox is the folder that every mailbox has; of the others the table knows those that people make.
const inbox = "INBOX"

// table is a mailbox as it has to be.
type table struct {
	folders map[string]bool
	letters map[string]*letter // by Message-ID
}

// letter has keywords wherever it lies, and may lie in a folder more than once.
type letter struct {
	id       string
	keywords map[string]bool
	places   map[string][]place
}

// place is one place of a letter in a folder.
type place struct{ deleted bool } // marked \Deleted, which is the place's own

func newTable() *table {
	return &table{folders: map[string]bool{inbox: true}, letters: map[string]*letter{}}
}

// seen are the folders in which a letter lies without a mark of deletion: where JMAP has it.
func (l *letter) seen() (folders []string) {
	for f, places := range l.places {
		if slices.Contains(places, place{}) {
			folders = append(folders, f)
		}
	}
	slices.Sort(folders)
	return folders
}

// in are the folders in which a letter lies.
func (l *letter) in() []string { return slices.Sorted(maps.Keys(l.places)) }

func (t *table) file(id, folder string, keywords ...string) {
	l := &letter{id: id, keywords: map[string]bool{}, places: map[string][]place{folder: {{}}}}
	for _, k := range keywords {
		l.keywords[k] = true
	}
	t.letters[id] = l
}

func (t *table) leave(l *letter, folder string) {
	if delete(l.places, folder); len(l.places) == 0 {
		delete(t.letters, l.id)
	}
}

// overIMAP is what each folder looks like to a mail program: a line a place.
func (t *table) overIMAP() map[string][]string {
	out := map[string][]string{}
	for f := range t.folders {
		out[f] = nil
	}
	for _, l := range t.letters {
		for f, places := range l.places {
			for _, p := range places {
				out[f] = append(out[f], line(l.id, l.keywords, p.deleted))
			}
		}
	}
	return sorted(out)
}

// overJMAP is what each folder looks like there: a line a letter.
func (t *table) overJMAP() map[string][]string {
	out := map[string][]string{}
	for f := range t.folders {
		out[f] = nil
	}
	for _, l := range t.letters {
		for _, f := range l.seen() {
			out[f] = append(out[f], line(l.id, l.keywords, false))
		}
	}
	return sorted(out)
}

// words are the keywords that people set here; the service has some of its own.
var words = []string{"$answered", "$flagged", "$seen", "follow-up"}

func line(id string, keywords map[string]bool, deleted bool) string {
	words := slices.DeleteFunc(slices.Clone(words), func(k string) bool { return !keywords[k] })
	if deleted {
		words = append(words, `\deleted`)
	}
	return id + " " + strings.Join(words, " ")
}

func sorted(folders map[string][]string) map[string][]string {
	for _, lines := range folders {
		slices.Sort(lines)
	}
	return folders
}

// made leaves of a look what the table knows of: the Inbox, and folders that people made.
func made(folders map[string][]string) map[string][]string {
	maps.DeleteFunc(folders, func(name string, _ []string) bool { return name != inbox && !strings.HasPrefix(name, "folder ") })
	return folders
}

// differ says how two looks at a mailbox differ; "" where they don't.
func differ(got, want map[string][]string) string {
	var b strings.Builder
	for _, f := range slices.Sorted(maps.Keys(want)) {
		if have, ok := got[f]; !ok || !slices.Equal(have, want[f]) {
			fmt.Fprintf(&b, "\n%s: %q\nwant %q", f, have, want[f])
		}
	}
	for f := range got {
		if _, ok := want[f]; !ok {
			fmt.Fprintf(&b, "\n%s should not be there", f)
		}
	}
	return b.String()
}
