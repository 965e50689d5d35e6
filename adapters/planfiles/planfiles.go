// Package planfiles keeps the files of imports in a directory, each named after
// the SHA-256 of its content: what was sent, and the rows of plans.
package planfiles

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"ledgerline/commands"
)

// Dir is a directory of files. It implements commands.ImportFiles.
type Dir struct{ path string }

// Open returns the directory at path, making it if it is not there.
func Open(path string) (Dir, error) { return Dir{path}, os.MkdirAll(path, 0o700) }

const unfinished = "new-"

var named = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Create implements commands.ImportFiles.
func (d Dir) Create(ctx context.Context) (commands.NewImportFile, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(d.path, unfinished) // 0600
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	return &newFile{dir: d, file: f, sum: sum, out: bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<18)}, nil
}

type newFile struct {
	dir  Dir
	file *os.File
	sum  hash.Hash
	out  *bufio.Writer
	over bool
}

// Write implements io.Writer.
func (f *newFile) Write(p []byte) (int, error) { return f.out.Write(p) }

// Commit implements commands.NewImportFile.
func (f *newFile) Commit() (string, error) {
	err := f.out.Flush()
	if err == nil {
		err = f.file.Sync()
	}
	if err != nil {
		return "", errors.Join(err, f.Discard())
	}
	name := hex.EncodeToString(f.sum.Sum(nil))
	if err := f.file.Close(); err != nil {
		return "", errors.Join(err, f.Discard())
	}
	if err := os.Rename(f.file.Name(), filepath.Join(f.dir.path, name)); err != nil {
		return "", errors.Join(err, f.Discard())
	}
	f.over = true
	return name, f.dir.sync()
}

// Discard implements commands.NewImportFile.
func (f *newFile) Discard() error {
	if f.over {
		return nil
	}
	f.over = true
	_ = f.file.Close() // it may be closed already
	return os.Remove(f.file.Name())
}

func (d Dir) sync() error {
	dir, err := os.Open(d.path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Open implements commands.ImportFiles.
func (d Dir) Open(ctx context.Context, hash string) (commands.ImportFile, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !named.MatchString(hash) {
		return nil, commands.ErrNoImportFile
	}
	f, err := os.Open(filepath.Join(d.path, hash))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, commands.ErrNoImportFile
	case err != nil:
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return file{f, info.Size()}, nil
}

type file struct {
	*os.File
	size int64
}

// Size implements commands.ImportFile.
func (f file) Size() int64 { return f.size }

// Sweep implements commands.ImportFiles.
func (d Dir) Sweep(ctx context.Context, before time.Time, keep func(hash string) bool) error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		mine := named.MatchString(e.Name()) && !keep(e.Name()) || strings.HasPrefix(e.Name(), unfinished)
		info, infoErr := e.Info()
		if !mine || infoErr != nil || !info.ModTime().Before(before) {
			continue
		}
		if err := os.Remove(filepath.Join(d.path, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
