package mailbox

import (
	"container/list"
	"sync"

	"haven"
)

// viewCacheSize is how many mailboxes' message numbers are kept between SELECTs. At 1,000 gaps each that is 8 MiB a thousand.
const viewCacheSize = 4096

type viewKey struct {
	account haven.AccountNo
	mb      haven.MailboxNo
}

type cachedView struct {
	key      viewKey
	seq      haven.Seq
	validity uint32
	uids     *Runs
}

// viewCache remembers the UIDs of mailboxes lately opened, so that sessions of one mailbox share them. What it holds may be old, never
// wrong: a reader brings it forward from its seq.
type viewCache struct {
	mu    sync.Mutex
	size  int
	order *list.List // of cachedView, newest first
	at    map[viewKey]*list.Element
}

func newViewCache(size int) viewCache {
	return viewCache{size: size, order: list.New(), at: map[viewKey]*list.Element{}}
}

func (c *viewCache) get(k viewKey) (cachedView, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.at[k]
	if !ok {
		return cachedView{}, false
	}
	c.order.MoveToFront(e)
	return e.Value.(cachedView), true
}

func (c *viewCache) put(k viewKey, f Folder, uids *Runs) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := cachedView{key: k, seq: f.HighestModSeq, validity: f.UIDValidity, uids: uids}
	if e, ok := c.at[k]; ok {
		if old := e.Value.(cachedView); old.validity != v.validity || old.seq < v.seq {
			e.Value = v
		}
		c.order.MoveToFront(e)
		return
	}
	c.at[k] = c.order.PushFront(v)
	if c.order.Len() > c.size {
		last := c.order.Back()
		delete(c.at, last.Value.(cachedView).key)
		c.order.Remove(last)
	}
}

func (c *viewCache) drop(k viewKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.at[k]; ok {
		c.order.Remove(e)
		delete(c.at, k)
	}
}
