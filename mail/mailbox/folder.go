package mailbox

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// deepest ends a walk up a tree that is broken; what may be made is the policy's.
const deepest = 1000

// Rules by which a folder can't be deleted or made, for protocols that name them.
const (
	RuleFolderHolds = "folder.holds-folders"
	RuleRoleTaken   = "folder.role-taken"
)

// inboxName is the Inbox's name, which is found in any case.
const inboxName = "INBOX"

var (
	errNoFolder   = errs.E(errs.NotFound, "There is no such folder.")
	errFolderIs   = errs.E(errs.Conflict, "There is a folder of that name already.")
	errFolderKept = errs.E(errs.Denied, "This folder belongs to every mailbox. It can be neither deleted nor renamed.")
	errFolderIn   = &errs.Error{Kind: errs.Invalid, Rule: RuleFolderHolds, Say: "There are folders in this folder. Delete or move them first."}
	errRoleTaken  = &errs.Error{Kind: errs.Conflict, Rule: RuleRoleTaken, Say: "Another folder is used for that already."}
)

func scanFolder(r db.Row) Folder {
	return Folder{
		No: haven.MailboxNo(r.Int64(0)), Parent: haven.MailboxNo(r.Int64(1)), Name: r.Text(2), Role: Role(r.Text(3)),
		UIDValidity: uint32(r.Int64(4)), UIDNext: haven.UID(r.Int64(5)), Total: r.Int64(6), Unseen: r.Int64(7),
		Deleted: r.Int64(8), Bytes: r.Int64(9), HighestModSeq: haven.Seq(r.Int64(10)), own: r.Bool(11), Subscribed: r.Bool(12), Sort: sortOf(Role(r.Text(3)), r.Int64(13)),
	}
}

// tree is an account's folders by number, as one transaction sees them.
type tree []Folder

// folders reads all folders of the viewer's account, with paths.
func folders(tx *db.Tx, v Viewer) (tree, error) {
	var t tree
	err := tx.Query(sqlFolders, []any{int64(v.Account), int64(v.Person)}, func(r db.Row) error {
		t = append(t, scanFolder(r))
		return nil
	})
	for i := range t {
		t[i].Path = t.path(t[i].No)
		if p := t.index(t[i].Parent); p >= 0 {
			t[p].Children = true
		}
	}
	if err == nil && slices.ContainsFunc(t, func(f Folder) bool { return f.own }) {
		err = ownCounts(tx, v, t)
	}
	return t, err
}

func (t tree) index(no haven.MailboxNo) int {
	i, ok := slices.BinarySearchFunc(t, no, func(f Folder, no haven.MailboxNo) int { return int(f.No - no) })
	if !ok {
		return -1
	}
	return i
}

func (t tree) path(no haven.MailboxNo) []string {
	var path []string
	for i := t.index(no); i >= 0 && len(path) < deepest; i = t.index(t[i].Parent) {
		path = append(path, t[i].Name)
	}
	slices.Reverse(path)
	return path
}

// at is the folder with a path; names are compared in NFC, and INBOX at the root is found in any case (RFC 9051 §5.1).
func (t tree) at(path []string) (Folder, bool) {
	var parent haven.MailboxNo
	var found Folder
	for depth, name := range path {
		ok := false
		name = norm.NFC.String(name)
		for _, f := range t {
			if f.Parent == parent && (f.Name == name || depth == 0 && f.Role == Inbox && strings.EqualFold(name, f.Name)) {
				parent, found, ok = f.No, f, true
				break
			}
		}
		if !ok {
			return Folder{}, false
		}
	}
	return found, len(path) > 0
}

// Folders are all folders of the account, parents before their children.
func (s *Service) Folders(ctx context.Context, v Viewer) (out []Folder, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		out, err = folders(tx, v)
		return err
	})
	slices.SortStableFunc(out, func(a, b Folder) int { return len(a.Path) - len(b.Path) })
	return out, err
}

// FolderAt is the folder with a path.
func (s *Service) FolderAt(ctx context.Context, v Viewer, path []string) (f Folder, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		t, err := folders(tx, v)
		if err != nil {
			return err
		}
		var ok bool
		if f, ok = t.at(path); !ok {
			return errNoFolder
		}
		return nil
	})
	return f, err
}

// folderNo reads one folder by number.
func folderNo(tx *db.Tx, account haven.AccountNo, no haven.MailboxNo) (f Folder, err error) {
	found := false
	err = tx.Query(sqlFolder, []any{int64(account), int64(no)}, func(r db.Row) error {
		f, found = scanFolder(r), true
		return nil
	})
	if err == nil && !found {
		err = errNoFolder
	}
	return f, err
}

// cleanPath is path in NFC, with INBOX at the root as it is kept (RFC 9051 §5.1), refused where a name could not be shown or kept.
func (s *Service) cleanPath(path []string) ([]string, error) {
	clean := make([]string, len(path))
	good := len(path) > 0 && len(path) <= s.policy.FolderDepth
	for i, name := range path {
		if clean[i] = norm.NFC.String(name); i == 0 && strings.EqualFold(clean[i], inboxName) {
			clean[i] = inboxName
		}
		good = good && goodName(clean[i], s.policy.FolderOctets)
	}
	if !good {
		return nil, s.errFolderName()
	}
	return clean, nil
}

func goodName(name string, octets int) bool {
	bad := func(c rune) bool { return c < 32 || c == 127 || c == '/' || c == '\uFFFD' }
	return name != "" && len(name) <= octets && !strings.ContainsFunc(name, bad)
}

func (s *Service) errFolderName() error {
	return errs.E(errs.Invalid, "A folder's name has between 1 and %d octets, without / and control characters, and lies at most %d deep.",
		s.policy.FolderOctets, s.policy.FolderDepth)
}

func insertFolder(tx *db.Tx, account haven.AccountNo, f Folder, seq haven.Seq) {
	tx.Exec(`INSERT INTO mailbox (an, mb, parent, name, role, validity, created, changed) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)`,
		int64(account), int64(f.No), int64(f.Parent), f.Name, string(f.Role), int64(f.UIDValidity), int64(seq))
	tx.Exec(`INSERT INTO mailbox_count (an, mb, uidnext, total, unseen, deleted, bytes, hiseq, reads)
		SELECT an, $2, 1, 0, 0, 0, 0, $3, CASE WHEN reads = 0 THEN 0 ELSE 1 END FROM account_seq WHERE an = $1`,
		int64(account), int64(f.No), int64(seq))
}

// nextFolder takes a folder number and a UIDVALIDITY that the account never had (RFC 9051 §2.3.1.1).
func (s *Service) nextFolder(tx *db.Tx, account haven.AccountNo) (no haven.MailboxNo, validity uint32, err error) {
	err = tx.Query(`UPDATE account_mail SET next_mb = next_mb + 1, validity = CASE WHEN validity < $2 THEN $2 ELSE validity + 1 END
		WHERE an = $1 RETURNING next_mb - 1, validity`, []any{int64(account), s.clock.Now().Unix()}, func(r db.Row) error {
		no, validity = haven.MailboxNo(r.Int64(0)), uint32(r.Int64(1))
		return nil
	})
	return no, validity, err
}

// CreateFolder makes a folder and the parents that it lacks. A role that another folder has already is a Conflict.
func (s *Service) CreateFolder(ctx context.Context, v Viewer, path []string, role Role) (f Folder, err error) {
	if path, err = s.cleanPath(path); err != nil {
		return Folder{}, err
	}
	err = s.write(ctx, v, haven.Write, len(path), func(tx *db.Tx, l *lock) error {
		t, err := folders(tx, v)
		if err != nil {
			return err
		}
		if _, ok := t.at(path); ok {
			return errFolderIs
		}
		if role == Scheduled {
			return errScheduledRole
		}
		if role != NoRole && slices.ContainsFunc(t, func(f Folder) bool { return f.Role == role }) {
			return errRoleTaken
		}
		f, err = s.makeFolders(tx, v, t, path, role, l)
		return err
	})
	return f, err
}

// makeFolders makes those folders of a path that are not there yet, the last with the role, and returns the last.
func (s *Service) makeFolders(tx *db.Tx, v Viewer, t tree, path []string, role Role, l *lock) (f Folder, err error) {
	made := 0
	for depth := 1; depth <= len(path); depth++ {
		if there, ok := t.at(path[:depth]); ok {
			f = there
			continue
		}
		if made++; s.policy.Folders > 0 && len(t)+made > s.policy.Folders {
			return Folder{}, errs.E(errs.TooMany, "A mailbox has at most %d folders. Delete some first.", s.policy.Folders)
		}
		next := Folder{Parent: f.No, Name: path[depth-1], Path: append(slices.Clip(f.Path), path[depth-1]), UIDNext: 1, Subscribed: true, HighestModSeq: l.take()}
		if depth == len(path) {
			next.Role = role
		}
		if next.No, next.UIDValidity, err = s.nextFolder(tx, v.Account); err != nil {
			return Folder{}, err
		}
		insertFolder(tx, v.Account, next, next.HighestModSeq)
		f = next
	}
	return f, nil
}

// DeleteFolder deletes a folder with its messages, which stay restorable as expunged ones do. One with folders in it
// is refused, since they would lose their place.
func (s *Service) DeleteFolder(ctx context.Context, v Viewer, path []string) error {
	f, err := s.FolderAt(ctx, v, path)
	if err != nil {
		return err
	}
	return s.deleteFolder(ctx, v, f, allMessages)
}

// deleteFolder deletes a folder with those of its messages that w says; one in which others are is refused.
func (s *Service) deleteFolder(ctx context.Context, v Viewer, f Folder, w which) (err error) {
	if f.No <= haven.MailboxNo(len(Provisioned)) {
		return errFolderKept
	}
	if f.Children {
		return errFolderIn
	}
	// Emptying goes in steps; what arrives meanwhile is emptied by a further one, and the last takes the folder away.
	for gone := false; err == nil && !gone; {
		if err = s.emptyFolder(ctx, v, f.No, w); err == nil {
			gone, err = s.dropFolder(ctx, v, f.No)
		}
		if err == nil && !gone && w == deletedOnly {
			err = errFolderMail
		}
	}
	return err
}

// emptyFolder removes those messages that w says.
func (s *Service) emptyFolder(ctx context.Context, v Viewer, no haven.MailboxNo, w which) error {
	for {
		gone, err := s.expungeStep(ctx, v, no, []Range{{1, MaxUID}}, w)
		if err != nil || len(gone) < s.step {
			return err
		}
	}
}

// dropFolder takes away an empty folder without children; it reports false when a message came in between. What vanished
// in it is remembered until its messages are past restoring: it is what leads to them.
func (s *Service) dropFolder(ctx context.Context, v Viewer, no haven.MailboxNo) (gone bool, err error) {
	err = s.write(ctx, v, haven.Write, 1, func(tx *db.Tx, l *lock) error {
		gone = false
		t, err := folders(tx, v)
		if err != nil {
			return err
		}
		i := t.index(no)
		switch {
		case i < 0:
			return errNoFolder
		case t[i].Children:
			return errFolderIn
		}
		left, err := removable(tx, v.Account, no, []Range{{1, MaxUID}}, allMessages, 1) // counters may be wrong
		if err != nil || len(left) > 0 {
			return err
		}
		tx.Exec(sqlInsertFolderGone, int64(v.Account), int64(no), int64(l.take()), micros(s.clock.Now()))
		for _, sql := range dropFolder {
			tx.Exec(sql, int64(v.Account), int64(no))
		}
		if t[i].Role == Scheduled {
			tx.Exec(sqlSetScheduled, int64(v.Account), int64(0))
		}
		gone = true
		return nil
	})
	if gone && err == nil {
		s.views.drop(viewKey{v.Account, no})
	}
	return gone && err == nil, err
}

// RenameFolder moves a folder, and what is in it, to another path. Renaming INBOX moves its messages into a new
// folder and leaves INBOX empty (RFC 9051 §6.3.6).
func (s *Service) RenameFolder(ctx context.Context, v Viewer, from, to []string) (err error) {
	if to, err = s.cleanPath(to); err != nil {
		return err
	}
	f, err := s.FolderAt(ctx, v, from)
	if err != nil {
		return err
	}
	if f.Role == Inbox {
		dst, err := s.CreateFolder(ctx, v, to, NoRole)
		if err == nil {
			_, err = s.Move(ctx, v, f.No, []Range{{1, MaxUID}}, v, dst.No)
		}
		return err
	}
	if f.No <= haven.MailboxNo(len(Provisioned)) {
		return errFolderKept
	}
	return s.write(ctx, v, haven.Write, len(to)+1, func(tx *db.Tx, l *lock) error {
		return s.rename(tx, v, f.No, to, l)
	})
}

func (s *Service) rename(tx *db.Tx, v Viewer, no haven.MailboxNo, to []string, l *lock) error {
	t, err := folders(tx, v)
	if err != nil {
		return err
	}
	if _, ok := t.at(to); ok {
		return errFolderIs
	}
	if from := t.path(no); len(to) > len(from) && slices.Equal(to[:len(from)], from) {
		return errs.E(errs.Invalid, "A folder can't be moved into itself.")
	}
	if len(to)+t.height(no) > s.policy.FolderDepth {
		return s.errFolderName()
	}
	var parent Folder
	if len(to) > 1 {
		if parent, err = s.makeFolders(tx, v, t, to[:len(to)-1], NoRole, l); err != nil {
			return err
		}
	}
	n, err := tx.Change(sqlRenameFolder, int64(v.Account), int64(no), int64(parent.No), to[len(to)-1], int64(l.take()))
	if err == nil && n == 0 {
		err = errNoFolder
	}
	return err
}

// height is how many levels of folders lie below one.
func (t tree) height(no haven.MailboxNo) int {
	own, most := t.path(no), 0
	for _, f := range t {
		if len(f.Path) > len(own) && slices.Equal(f.Path[:len(own)], own) {
			most = max(most, len(f.Path)-len(own))
		}
	}
	return most
}

// Subscribe says whether the person wants the folder in the list of those subscribed. A folder begins subscribed, so that a
// colleague's new one is seen.
func (s *Service) Subscribe(ctx context.Context, v Viewer, path []string, on bool) error {
	f, err := s.FolderAt(ctx, v, path)
	if err != nil {
		return err
	}
	return s.write(ctx, v, haven.Read, 1, func(tx *db.Tx, l *lock) error {
		n, err := tx.Change(subscribing(on), int64(v.Person), int64(v.Account), int64(f.No))
		if err != nil || n == 0 {
			return err
		}
		tx.Exec(sqlTouchFolder, int64(v.Account), int64(f.No), int64(l.take()))
		return nil
	})
}

// subscribing is what a subscription, or its end, writes.
func subscribing(on bool) string {
	if on {
		return `DELETE FROM unsubscribed WHERE person = $1 AND an = $2 AND mb = $3`
	}
	return `INSERT INTO unsubscribed (person, an, mb) VALUES ($1, $2, $3) ON CONFLICT (person, an, mb) DO NOTHING`
}
