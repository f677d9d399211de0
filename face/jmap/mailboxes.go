package jmap

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

// mailboxes is the type Mailbox (RFC 8621 §2): a folder.
type mailboxes struct {
	removeEmails bool // onDestroyRemoveEmails
}

var mailboxShape = Shape{
	{"id", "MailboxId", ServerSet, ""},
	{"name", "string", Required, "without the names of those that it lies in"},
	{"parentId", "MailboxId | null", 0, "the one that it lies in"},
	{"role", "MailboxRole | null", 0, ""},
	{"sortOrder", "UnsignedInt", 0, "lower ones stand before others"},
	{"totalEmails", "UnsignedInt", ServerSet, ""},
	{"unreadEmails", "UnsignedInt", ServerSet, ""},
	{"totalThreads", "UnsignedInt", ServerSet, ""},
	{"unreadThreads", "UnsignedInt", ServerSet, ""},
	{"myRights", "MailboxRights", ServerSet, ""},
	{"isSubscribed", "boolean", 0, ""},
}

var mailboxProperties = mailboxShape.names()

// countProperties are those that change with the messages in a Mailbox (RFC 8621 §2.2).
var countProperties = []string{"totalEmails", "unreadEmails", "totalThreads", "unreadThreads"}

func (mailboxes) Properties() (all, usual []string) { return mailboxProperties, mailboxProperties }

func (mailboxes) State(c *call, v mailbox.Viewer) (string, error) {
	st, err := c.states(v)
	return stateAt(st.Mail, st.Epoch), err
}

func (mailboxes) All(c *call, v mailbox.Viewer) ([]string, error) {
	fs, err := c.srv.o.Mail.Folders(c.ctx, v)
	id := c.accountID(v)
	ids := make([]string, len(fs))
	for i, f := range fs {
		ids[i] = mailbox.MailboxID(id, f.No)
	}
	return ids, err
}

func (mailboxes) Read(c *call, v mailbox.Viewer, ids []string, want properties, add func(string, any)) error {
	fs, err := c.srv.o.Mail.Folders(c.ctx, v)
	if err != nil {
		return err
	}
	rights, err := c.srv.o.Mail.Rights(c.ctx, v)
	if err != nil {
		return err
	}
	var counts map[haven.MailboxNo]mailbox.Counts
	if slices.ContainsFunc(countProperties, want.Has) {
		err = c.overview(v, func(o *mailbox.Overview) error {
			counts = maps.Clone(o.Counts())
			return nil
		})
	}
	own := c.accountID(v)
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for _, f := range fs {
		if id := mailbox.MailboxID(own, f.No); wanted[id] {
			add(id, mailboxObject(own, f, counts[f.No], rights))
		}
	}
	return err
}

func mailboxObject(account haven.AccountID, f mailbox.Folder, n mailbox.Counts, r haven.Rights) record {
	o := record{"name": folderName(f), "parentId": nil, "role": nil, "sortOrder": f.Sort, "totalEmails": n.Emails, "unreadEmails": n.Unread,
		"totalThreads": n.Threads, "unreadThreads": n.UnreadThreads, "isSubscribed": f.Subscribed, "myRights": folderRights(f, r)}
	if f.Parent != 0 {
		o["parentId"] = mailbox.MailboxID(account, f.Parent)
	}
	if f.Role != mailbox.NoRole {
		o["role"] = string(f.Role)
	}
	return o
}

// folderName is a folder's name; IMAP's name for the Inbox is for programs.
func folderName(f mailbox.Folder) string {
	if f.Role == mailbox.Inbox {
		return "Inbox"
	}
	return f.Name
}

// folderRights is myRights (RFC 8621 §2). Rights cover a whole account; the folders that each has can't be renamed or deleted.
func folderRights(f mailbox.Folder, r haven.Rights) record {
	w := r.Has(haven.Write)
	return record{"mayReadItems": r.Has(haven.Read), "mayAddItems": w && f.Role != mailbox.Scheduled, "mayRemoveItems": w, "maySetSeen": w, "maySetKeywords": w,
		"mayCreateChild": w, "mayRename": w && !f.Kept(), "mayDelete": w && !f.Kept(), "maySubmit": r&(haven.SendAs|haven.SendOnBehalf) != 0}
}

func (mailboxes) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	from, err := pointOf(since)
	if err != nil || from.Origin != from.Seq {
		return changed{}, errCantCalculate
	}
	d, err := c.srv.o.Mail.FoldersSince(c.ctx, v, from.State)
	if err != nil {
		return changed{}, lostState(err)
	}
	counted, err := c.recounted(v, from, d)
	if err != nil {
		return changed{}, err
	}
	id := c.accountID(v)
	ch := changed{NewState: stateAt(d.Until.Seq, d.Until.Epoch), Created: folderIDs(id, d.Created), Updated: folderIDs(id, d.Updated),
		Destroyed: folderIDs(id, d.Destroyed), Extra: record{"updatedProperties": nil}}
	if len(d.Updated) == len(d.Counted) {
		ch.Extra["updatedProperties"] = countProperties
	}
	ch.Updated = append(ch.Updated, folderIDs(id, counted)...)
	if most > 0 && len(ch.Created)+len(ch.Updated)+len(ch.Destroyed) > most {
		return changed{}, errCantCalculate // states within one change of the folders are not kept
	}
	return ch, nil
}

// recounted are the folders beyond those of d whose counts may have changed, since a message of a thread that is in them did elsewhere.
func (c *call) recounted(v mailbox.Viewer, from mailbox.Point, d mailbox.FolderDelta) (more []haven.MailboxNo, err error) {
	if len(d.Counted) == 0 {
		return nil, nil
	}
	delta, err := c.srv.o.Mail.Since(c.ctx, v, from, 0)
	if err != nil {
		return nil, lostState(err)
	}
	named := map[haven.MailboxNo]bool{}
	for _, mb := range slices.Concat(d.Created, d.Updated, d.Destroyed) {
		named[mb] = true
	}
	changed := make(map[haven.MessageID]bool)
	for _, m := range slices.Concat(delta.Created, delta.Updated) {
		changed[m] = true
	}
	err = c.overview(v, func(o *mailbox.Overview) error {
		touched, _ := o.InThreads(func(b *mailbox.Brief) bool { return changed[b.Msg] })
		o.All(func(b *mailbox.Brief) {
			if !touched(b) && len(delta.Destroyed) == 0 {
				return
			}
			for _, mb := range append([]haven.MailboxNo{b.Folder}, b.More...) {
				if !named[mb] {
					named[mb], more = true, append(more, mb)
				}
			}
		})
		return nil
	})
	slices.Sort(more)
	return more, err
}

func folderIDs(account haven.AccountID, all []haven.MailboxNo) []string {
	ids := make([]string, len(all))
	for i, no := range all {
		ids[i] = mailbox.MailboxID(account, no)
	}
	return ids
}

// mailboxSet is Mailbox/set (RFC 8621 §2.5). Who may only read has subscriptions of the own.
func mailboxSet(c *call) (any, error) {
	return c.setAs(haven.Read, mailboxes{removeEmails: c.args.Bool("onDestroyRemoveEmails", false)})
}

func (t mailboxes) Set(c *call, v mailbox.Viewer, s *setting) error {
	t.create(c, v, s)
	for _, u := range s.Update {
		if err := t.update(c, v, u); err != nil {
			s.NotUpdated(u.ID, folderError(err))
		} else {
			s.Updated(u.ID, nil)
		}
	}
	t.destroy(c, v, s)
	return nil
}

// create makes folders; one may lie in another that is made by the same call, in whatever order they are named.
func (t mailboxes) create(c *call, v mailbox.Viewer, s *setting) {
	left := s.Create
	for n := len(left) + 1; len(left) > 0 && len(left) < n; {
		n = len(left)
		left = slices.DeleteFunc(slices.Clone(left), func(x creating) bool {
			parent, ok := c.resolve(x.Object.String("parentId"))
			if !ok {
				return false
			}
			f, err := t.make(c, v, x.Object, parent)
			if err != nil {
				s.NotCreated(x.CID, folderError(err))
				return true
			}
			rights, err := c.srv.o.Mail.Rights(c.ctx, v)
			if err != nil {
				rights = 0
			}
			o := mailboxObject(c.accountID(v), f, mailbox.Counts{}, rights)
			for _, name := range x.Object.Names() {
				delete(o, name)
			}
			s.Created(x.CID, mailbox.MailboxID(c.accountID(v), f.No), o)
			return true
		})
	}
	for _, x := range left {
		s.NotCreated(x.CID, refuse("invalidProperties", "There is no such folder to put it into.", "parentId"))
	}
}

func (t mailboxes) make(c *call, v mailbox.Viewer, o *object, parent string) (mailbox.Folder, error) {
	o.Require("name")
	ch, err := t.change(c, v, o, parent)
	if err != nil {
		return mailbox.Folder{}, err
	}
	return c.srv.o.Mail.AddFolder(c.ctx, v, ch)
}

// change reads what a folder is to become from those members that are given.
func (t mailboxes) change(c *call, v mailbox.Viewer, o *object, parent string) (ch mailbox.FolderChange, err error) {
	if o.Given("name") {
		name := o.String("name")
		ch.Name = &name
	}
	if o.Given("parentId") {
		no := haven.MailboxNo(0)
		if parent != "" {
			if no = folderOf(c.accountID(v), parent); no == 0 {
				o.Bad("parentId", "is no folder of this account")
			}
		}
		ch.Parent = &no
	}
	if o.Given("role") {
		role := mailbox.Role(o.String("role"))
		if role != mailbox.NoRole && !slices.Contains(roles, role) {
			o.Bad("role", "must be one of those that the registry of IMAP mailbox name attributes has for JMAP, in lower case")
		}
		ch.Role = &role
	}
	if o.Given("sortOrder") {
		n, _ := o.OptUnsigned("sortOrder")
		ch.Sort = &n
	}
	if o.Given("isSubscribed") {
		on := o.Bool("isSubscribed", false)
		ch.Subscribed = &on
	}
	return ch, o.Done()
}

// roles are those of RFC 8621 §2 that a client may give.
var roles = []mailbox.Role{"all", mailbox.Archive, mailbox.Drafts, "flagged", "important", mailbox.Junk, mailbox.Sent, "subscribed", mailbox.Trash, "memos", "snoozed"}

// roleNames are all that a Mailbox may have: the Inbox and what waits to be sent too, which nobody gives.
func roleNames() (names []string) {
	for _, r := range append([]mailbox.Role{mailbox.Inbox, mailbox.Scheduled}, roles...) {
		names = append(names, string(r))
	}
	return names
}

func (t mailboxes) update(c *call, v mailbox.Viewer, u updating) error {
	no := folderOf(c.accountID(v), u.ID)
	if no == 0 {
		return errNotFound
	}
	var found *record
	err := t.Read(c, v, []string{u.ID}, wanting(mailboxProperties), func(_ string, o any) {
		r := o.(record)
		r["id"] = u.ID // which a client may give back
		found = &r
	})
	if err != nil {
		return err
	}
	if found == nil {
		return errNotFound
	}
	o, err := u.Patch.Apply(*found)
	if err != nil {
		return err
	}
	if o, err = onlyChanges(*found, o, u.Patch.Properties()); err != nil {
		return err
	}
	parent, ok := c.resolve(o.String("parentId"))
	if !ok {
		return refuse("invalidProperties", "There is no such folder to put it into.", "parentId")
	}
	ch, err := t.change(c, v, o, parent)
	if err != nil {
		return err
	}
	return c.srv.o.Mail.ChangeFolder(c.ctx, v, no, ch)
}

// folderError is why a folder was not made or changed, by the rule that refused it.
func folderError(err error) error {
	var e *errs.Error
	switch {
	case hasRule(err, mailbox.RuleRoleTaken):
		return refuse("invalidProperties", errs.Say(err), "role")
	case hasRule(err, mailbox.RuleFolderHolds):
		return refuse("mailboxHasChild", errs.Say(err))
	case hasRule(err, mailbox.RuleFolderMail):
		return refuse("mailboxHasEmail", errs.Say(err))
	case errs.Is(err, errs.Conflict):
		return refuse("invalidProperties", errs.Say(err), "name")
	case errs.Is(err, errs.TooMany):
		return refuse("overQuota", errs.Say(err))
	case errors.As(err, &e) && e.Kind == errs.Invalid:
		return refuse("invalidProperties", errs.Say(err), "name", "parentId")
	}
	return err
}

// destroy deletes folders, those that lie in others first.
func (t mailboxes) destroy(c *call, v mailbox.Viewer, s *setting) {
	if len(s.Destroy) == 0 {
		return
	}
	depth := map[haven.MailboxNo]int{}
	if fs, err := c.srv.o.Mail.Folders(c.ctx, v); err == nil {
		for _, f := range fs {
			depth[f.No] = len(f.Path)
		}
	}
	own := c.accountID(v)
	ids := slices.SortedStableFunc(slices.Values(s.Destroy), func(a, b string) int {
		return cmp.Compare(depth[folderOf(own, b)], depth[folderOf(own, a)])
	})
	for _, id := range ids {
		no := folderOf(own, id)
		err := error(errNotFound)
		if no != 0 {
			err = c.srv.o.Mail.RemoveFolder(c.ctx, v, no, t.removeEmails)
		}
		if err != nil {
			s.NotDestroyed(id, folderError(err))
		} else {
			s.Destroyed(id)
		}
	}
}

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
