package control

import (
	"context"
	"net/http"
)

// WarehouseBackend is the part of Backend that looks after warehouses.
type WarehouseBackend interface {
	// WarehouseStatus tells how the project's warehouse is, and those of its destinations that are warehouses.
	WarehouseStatus(ctx context.Context) ([]WarehouseStatus, error)
	// Compact does their housekeeping now.
	Compact(ctx context.Context) error
}

// WarehouseStatus tells how one is.
type WarehouseStatus struct {
	Name     string   `json:"name"`
	Store    string   `json:"store"`
	Version  string   `json:"version,omitempty"` // "" while it is not known
	Events   int64    `json:"events"`            // an estimate where counting is dear
	Bytes    int64    `json:"bytes"`
	Warnings []string `json:"warnings,omitempty"`
	Error    string   `json:"error,omitempty"` // why it cannot be asked
}

// WarehouseStatus implements Backend.
func (c *Client) WarehouseStatus(ctx context.Context) ([]WarehouseStatus, error) {
	var out []WarehouseStatus
	err := c.one(ctx, http.MethodGet, "warehouse", nil, &out)
	return out, err
}

// Compact implements Backend.
func (c *Client) Compact(ctx context.Context) error {
	var done bool
	return c.one(ctx, http.MethodPost, "warehouse/compact", nil, &done)
}

func (s *Server) warehouseRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /warehouse", func(w http.ResponseWriter, r *http.Request) {
		all, err := s.backend.WarehouseStatus(r.Context())
		answer(w, all, err)
	})
	mux.HandleFunc("POST /warehouse/compact", func(w http.ResponseWriter, r *http.Request) {
		err := s.backend.Compact(r.Context())
		answer(w, err == nil, err)
	})
}
