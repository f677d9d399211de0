package jmap

import (
	"cmp"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
)

// folderQuery is what a Mailbox/query asks beyond the standard (RFC 8621 §2.3).
type folderQuery struct{ sortAsTree, filterAsTree bool }

func (c *call) folderQuery() folderQuery {
	return folderQuery{c.args.Bool("sortAsTree", false), c.args.Bool("filterAsTree", false)}
}

func mailboxQuery(c *call) (any, error) { return c.query(c.folderQuery()) }

func mailboxQueryChanges(c *call) (any, error) { return c.queryChanges(c.folderQuery()) }

func (t folderQuery) Query(c *call, v mailbox.Viewer, q asking) (found, error) {
	state, err := mailboxes{}.State(c, v)
	if err != nil {
		return found{}, err
	}
	fs, err := c.srv.o.Mail.Folders(c.ctx, v)
	if err != nil {
		return found{}, err
	}
	match, err := folderFilter(c, v, q.Filter)
	if err != nil {
		return found{}, err
	}
	if err := sortFolders(fs, q.Sort); err != nil {
		return found{}, err
	}
	if t.sortAsTree {
		fs = asTree(fs)
	}
	fits := map[haven.MailboxNo]bool{}
	for _, f := range fs {
		fits[f.No] = match(f)
	}
	var ids names
	parents := map[haven.MailboxNo]haven.MailboxNo{}
	for _, f := range fs {
		parents[f.No] = f.Parent
	}
	for _, f := range fs {
		ok := fits[f.No]
		for p := f.Parent; ok && t.filterAsTree && p != 0; p = parents[p] {
			ok = fits[p]
		}
		if ok {
			ids = append(ids, mailbox.MailboxID(c.accountID(v), f.No))
		}
	}
	return found{State: state, IDs: ids, Calculate: true}, nil
}

// QueryChanges takes every folder that changed out and puts it where it is now; in a tree, where others follow it, all of them.
func (t folderQuery) QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error) {
	f, err := t.Query(c, v, q)
	if err != nil {
		return delta{}, err
	}
	ch, err := mailboxes{}.Changes(c, v, since, 0)
	if err != nil {
		return delta{}, err
	}
	touched := ch.all()
	if (t.sortAsTree || t.filterAsTree) && len(touched) > 0 {
		touched = append(touched, f.IDs.(names)...)
		all, err := mailboxes{}.All(c, v)
		if err != nil {
			return delta{}, err
		}
		touched = append(touched, all...)
	}
	return delta{found: f, Touched: touched}, nil
}

// folderFilter compiles a filter (RFC 8621 §2.3).
func folderFilter(c *call, v mailbox.Viewer, f *filter) (func(mailbox.Folder) bool, error) {
	if f == nil {
		return func(mailbox.Folder) bool { return true }, nil
	}
	if f.Condition == nil {
		return combine(f, func(sub *filter) (func(mailbox.Folder) bool, error) { return folderFilter(c, v, sub) })
	}
	o := f.Condition
	var all []func(mailbox.Folder) bool
	when := func(name string, test func(mailbox.Folder) bool) {
		if o.Given(name) {
			all = append(all, test)
		}
	}
	parent := haven.MailboxNo(0)
	if name := o.String("parentId"); name != "" {
		id, _ := c.resolve(name)
		if parent = folderOf(c.accountID(v), id); parent == 0 {
			parent = -1
		}
	}
	name, role, subscribed := strings.ToLower(o.String("name")), mailbox.Role(o.String("role")), o.Bool("isSubscribed", false)
	anyRole := o.Bool("hasAnyRole", false)
	when("parentId", func(f mailbox.Folder) bool { return f.Parent == parent })
	when("name", func(f mailbox.Folder) bool { return strings.Contains(strings.ToLower(folderName(f)), name) })
	when("role", func(f mailbox.Folder) bool { return f.Role == role })
	when("hasAnyRole", func(f mailbox.Folder) bool { return (f.Role != mailbox.NoRole) == anyRole })
	when("isSubscribed", func(f mailbox.Folder) bool { return f.Subscribed == subscribed })
	if err := conditionDone(o); err != nil {
		return nil, err
	}
	return every(all), nil
}

func sortFolders(fs []mailbox.Folder, by []comparator) error {
	for _, s := range by {
		if s.Property != "name" && s.Property != "sortOrder" {
			return fail("unsupportedSort", "Mailboxes are sorted by name and sortOrder.")
		}
		if err := sortDone(s); err != nil {
			return err
		}
	}
	slices.SortStableFunc(fs, func(a, b mailbox.Folder) int {
		for _, s := range by {
			n := cmp.Compare(a.Sort, b.Sort)
			if s.Property == "name" {
				n = cmp.Compare(strings.ToLower(folderName(a)), strings.ToLower(folderName(b)))
			}
			if s.Descending {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return cmp.Compare(a.No, b.No)
	})
	return nil
}

// asTree puts each folder behind the one that it lies in, in the order that they have among their siblings.
func asTree(fs []mailbox.Folder) []mailbox.Folder {
	below := map[haven.MailboxNo][]mailbox.Folder{}
	for _, f := range fs {
		below[f.Parent] = append(below[f.Parent], f)
	}
	out := make([]mailbox.Folder, 0, len(fs))
	var walk func(no haven.MailboxNo)
	walk = func(no haven.MailboxNo) {
		for _, f := range below[no] {
			out = append(out, f)
			walk(f.No)
		}
	}
	walk(0)
	return out
}
