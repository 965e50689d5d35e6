package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress tells on stderr how far long work is: as a bar on a terminal, and
// elsewhere as a line for every tenth.
type progress struct {
	out   io.Writer
	what  string
	total int // 0: not known
	bar   *progressbar.ProgressBar
	began time.Time
	next  int // rows at which the next line is due
}

func newProgress(out io.Writer, what string, total int) *progress {
	p := &progress{out: out, what: what, total: total, began: time.Now(), next: max(total/10, 1)}
	if !isTerminal(out) {
		return p
	}
	most := int64(total)
	if total == 0 {
		most = -1 // a spinner
	}
	p.bar = progressbar.NewOptions64(most,
		progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"), progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	return p
}

// show tells that so many rows are done.
func (p *progress) show(done int) {
	if p.bar != nil {
		_ = p.bar.Set(done)
		return
	}
	if p.total == 0 || done < p.next {
		return
	}
	for p.next <= done {
		p.next += max(p.total/10, 1)
	}
	fmt.Fprintln(p.out, p.line(done, time.Since(p.began)))
}

// line is the progress in words.
func (p *progress) line(done int, took time.Duration) string {
	text := fmt.Sprintf("%s: %d of %d", p.what, done, p.total)
	if took < time.Second || done == 0 || done >= p.total {
		return text
	}
	rate := float64(done) / took.Seconds()
	return fmt.Sprintf("%s, %.0f a second, %s left", text, rate, span(int(math.Ceil(float64(p.total-done)/rate))))
}

// end clears the bar.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
