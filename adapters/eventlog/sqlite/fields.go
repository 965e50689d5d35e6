package sqlite

import "encoding/binary"

// fields takes a record apart. After anything that does not fit, all further
// fields are empty and bad is set.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) number() uint64 {
	n, used := binary.Uvarint(f.rest)
	if used <= 0 {
		f.rest, f.bad = nil, true
		return 0
	}
	f.rest = f.rest[used:]
	return n
}

func (f *fields) bytes(n uint64) []byte {
	if n > uint64(len(f.rest)) {
		f.rest, f.bad = nil, true
		return nil
	}
	b := f.rest[:n:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) byte() byte {
	if b := f.bytes(1); b != nil {
		return b[0]
	}
	return 0
}
