package commands

// fairQueue is those of one class who wait: customers take turns.
type fairQueue struct {
	len       int
	customers map[string]*customerLine
	ring      []*customerLine // whose turn it is comes first
}

type customerLine struct {
	name    string
	tickets []*ticket
	gone    int // cancelled ones among them
}

func (q *fairQueue) push(t *ticket) {
	c := q.customers[t.customer]
	if c == nil {
		if q.customers == nil {
			q.customers = map[string]*customerLine{}
		}
		c = &customerLine{name: t.customer}
		q.customers[t.customer] = c
		q.ring = append(q.ring, c)
	}
	c.tickets = append(c.tickets, t)
	q.len++
}

// pop returns the next; there must be one.
func (q *fairQueue) pop() *ticket {
	for {
		c := q.ring[0]
		q.ring = q.ring[1:]
		t := c.take()
		if len(c.tickets) > 0 {
			q.ring = append(q.ring, c)
		} else {
			delete(q.customers, c.name)
		}
		if t != nil {
			q.len--
			return t
		}
	}
}

// take returns the first who still waits; nil: nobody does.
func (c *customerLine) take() (t *ticket) {
	for t == nil && len(c.tickets) > 0 {
		if first := c.tickets[0]; first.gone {
			c.gone--
		} else {
			t = first
		}
		c.tickets[0] = nil
		c.tickets = c.tickets[1:]
	}
	return t
}

// forget notes that a ticket is gone. Its place stays until its turn.
func (q *fairQueue) forget(t *ticket) {
	q.len--
	q.customers[t.customer].gone++
}

func (q *fairQueue) counts() map[string]int {
	n := map[string]int{}
	for name, c := range q.customers {
		if waiting := len(c.tickets) - c.gone; waiting > 0 {
			n[name] = waiting
		}
	}
	return n
}
