package sqlite

import "encoding/binary"

// block collects consecutive records, to be stored as one row: a row costs
// SQLite more than the bytes of a record do.
type block struct {
	records []byte
	count   int
	row     []byte // what bytes returned, for use again
}

// blockSize is such that two blocks fill a page of 8192 bytes. A larger record
// is a block of its own.
const blockSize = 4040

func (b *block) fits(record []byte) bool {
	return b.count == 0 || len(b.records)+len(record) <= blockSize
}

func (b *block) add(record []byte) {
	b.records = append(b.records, record...)
	b.count++
}

// bytes is the block as it is stored, valid until the next call.
func (b *block) bytes() []byte {
	b.row = binary.AppendUvarint(b.row[:0], uint64(b.count))
	b.row = append(b.row, b.records...)
	return b.row
}

func (b *block) reset() { b.records, b.count = b.records[:0], 0 }
