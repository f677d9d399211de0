package jmap

import (
	"maps"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
)

// lookupTypes are the types whose objects refer to blobs: a message has one, and so has each of its parts; a thread and a folder have those of
// their messages (RFC 9404 §4.3).
var lookupTypes = []string{"Mailbox", "Thread", "Email"}

// blobLookup is Blob/lookup (RFC 9404 §4.3). Who asks of a blob that there is not, that is another's, or that nothing refers to gets one answer.
func blobLookup(c *call) (any, error) {
	v, err := c.account(haven.Read)
	if err != nil {
		return nil, err
	}
	c.args.Require("typeNames", "ids")
	types, ids := c.args.Strings("typeNames"), c.args.IDs("ids")
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	for _, name := range types {
		if !slices.Contains(lookupTypes, name) || !c.run.using[mailURN] {
			return nil, fail("unknownDataType", "%q is no type of a capability in using that refers to blobs.", name)
		}
	}
	slices.Sort(types)
	types = slices.Compact(types)
	if err := atMost(len(ids), c.srv.o.Policy.Get, "blobs can be looked up"); err != nil {
		return nil, err
	}
	list, once := []any{}, map[string]bool{}
	for _, name := range ids {
		id, ok := c.resolve(name)
		if !ok {
			id = name
		}
		if once[id] {
			continue
		}
		once[id] = true
		matched, err := c.referring(v, id, types)
		if err != nil {
			return nil, err
		}
		list = append(list, record{"id": id, "matchedIds": matched})
	}
	return record{"accountId": c.args.String("accountId"), "list": list}, nil
}

// referring are the objects of some types that refer to a blob, by type.
func (c *call) referring(v mailbox.Viewer, id string, types []string) (map[string][]string, error) {
	all := map[string][]string{"Mailbox": {}, "Thread": {}, "Email": {}}
	b, err := c.messageOfBlob(v, id)
	if err != nil {
		return nil, err
	}
	if b.Msg != 0 {
		all["Mailbox"] = folderIDs(c.accountID(v), append([]haven.MailboxNo{b.Folder}, b.More...))
		all["Thread"], all["Email"] = []string{threadID(b.Thread)}, []string{emailID(b.Msg)}
	}
	matched := make(map[string][]string, len(types))
	for _, name := range types {
		matched[name] = all[name]
	}
	return matched, nil
}

// messageOfBlob is the message that a blob is, or is a part of; its number is 0 where there is none.
func (c *call) messageOfBlob(v mailbox.Viewer, id string) (mailbox.Brief, error) {
	of, _, isPart := strings.Cut(id, "_")
	var b mailbox.Brief
	err := c.overview(v, func(o *mailbox.Overview) error {
		if found, ok := o.Find(messageOf(of, "M")); ok {
			b = *found
		}
		return nil
	})
	if err != nil || b.Msg == 0 || !isPart {
		return b, err
	}
	root, err := c.srv.structure(c.ctx, v, of, nil)
	if err != nil {
		return b, err
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(pathsOf(root))), func(number string) bool { return partBlob(of, number) == id }) {
		return mailbox.Brief{}, nil
	}
	return b, nil
}
