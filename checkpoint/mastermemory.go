package checkpoint

import (
	"encoding/json"
	"fmt"
	"time"
)

// remembered is what a MasterMemory holds.
type remembered struct {
	Seen   []sighting   `json:"seen"`
	Back   []time.Time  `json:"back"`
	Beside []besideSeen `json:"beside,omitempty"`
}

func (w *MasterWatch) recall() error {
	if w.memory == nil {
		return nil
	}
	text, err := w.memory.Meta(watchKey)
	if err != nil || text == nil {
		return err
	}
	var r remembered
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("checkpoint: the masters seen before: %w", err)
	}
	copy(w.seen[:], r.Seen)
	copy(w.back[:], r.Back)
	w.beside = r.Beside
	for p := range w.seen {
		w.seen[p].now = w.seen[p].Master
	}
	w.reckon()
	return nil
}

func (w *MasterWatch) remember(now time.Time) error {
	w.saved = now
	if w.memory != nil {
		text, err := json.Marshal(remembered{w.seen[:], w.back[:], w.beside})
		if err != nil {
			return fmt.Errorf("checkpoint: remember the masters: %w", err)
		}
		if err := w.memory.SetMeta(watchKey, text); err != nil {
			return fmt.Errorf("checkpoint: remember the masters: %w", err)
		}
	}
	w.reckon()
	return nil
}

// reckon sets what Needed tells: by what is remembered, not by what is seen.
func (w *MasterWatch) reckon() {
	oldest := int64(0)
	for p := range w.seen {
		if at := w.seen[p].At; w.seen[p].Run != "" && (oldest == 0 || at < oldest) {
			oldest = at
		}
	}
	for _, b := range w.beside {
		oldest = min(oldest, b.At)
	}
	if oldest != 0 {
		w.needed.Store(oldest - w.window.Milliseconds())
	}
}
