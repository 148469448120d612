// echo is the app of the tests inside a cluster: it answers every request on port 8080 with what reached it, as JSON, and keeps connections
// open. Port 8081 tells how many requests reached this Pod, and the last of them.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

type received struct {
	Pod     string      `json:"pod"`
	Remote  string      `json:"remote"`
	Method  string      `json:"method"`
	Host    string      `json:"host"`
	URL     string      `json:"url"`
	Headers http.Header `json:"headers"`
}

type record struct {
	mutex sync.Mutex
	count int
	last  *received
}

func (r *record) add(request received) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.count++
	r.last = &request
}

func (r *record) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	answer(w, struct {
		Count int       `json:"count"`
		Last  *received `json:"last"`
	}{r.count, r.last})
}

func main() {
	pod, _ := os.Hostname()
	seen := &record{}
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := received{pod, r.RemoteAddr, r.Method, r.Host, r.RequestURI, r.Header}
		seen.add(request)
		answer(w, request)
	})
	servers := []*http.Server{{Addr: ":8080", Handler: app}, {Addr: ":8081", Handler: seen}}
	for _, server := range servers {
		go func() {
			if err := server.ListenAndServe(); err != http.ErrServerClosed {
				log.Fatal(err)
			}
		}()
	}
	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	<-stop.Done()
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, server := range servers {
		server.Shutdown(grace)
	}
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}
