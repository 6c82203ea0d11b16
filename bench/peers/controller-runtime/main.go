// Command controller-runtime is what `npm run bench` compares with: the lookup and the patch of vm-image-webhook, written
// the way the documentation of sigs.k8s.io/controller-runtime shows it. It has no more than the bench asks for.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

const pinnedAnnotation = "vm-image-webhook.dev/pinned"

func main() {
	port := flag.Int("port", 9443, "port of 127.0.0.1")
	certDir := flag.String("cert-dir", "", "folder of tls.crt and tls.key")
	file := flag.String("images", "", "JSON file with a List of images")
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stdout)))
	if err := run(*port, *certDir, *file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(port int, certDir, file string) error {
	images, err := readImages(file)
	if err != nil {
		return err
	}
	handler := &pinner{decoder: admission.NewDecoder(runtime.NewScheme()), images: images}
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, CertDir: certDir})
	server.Register("/mutate", &admission.Webhook{Handler: handler})
	return server.Start(ctrl.SetupSignalHandler())
}

// pinner replaces the display name of a VirtualMachine's image by the name of the image object.
type pinner struct {
	decoder admission.Decoder
	images  *imageIndex
}

// Handle answers one review. The machine is decoded without a schema, so that the patch keeps fields of all versions.
func (p *pinner) Handle(_ context.Context, req admission.Request) admission.Response {
	machine := &unstructured.Unstructured{}
	if err := p.decoder.Decode(req, machine); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	requested, _, err := unstructured.NestedString(machine.Object, "spec", "imageName")
	if err != nil {
		return admission.Errored(http.StatusUnprocessableEntity, err)
	}
	if requested == "" {
		return admission.Allowed("no image name")
	}
	image, err := p.images.resolve(req.Namespace, requested)
	if err != nil {
		return admission.Denied(fmt.Sprintf("spec.imageName: %v", err))
	}
	if err := pin(machine, requested, image); err != nil {
		return admission.Errored(http.StatusUnprocessableEntity, err)
	}
	mutated, err := json.Marshal(machine)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(req.Object.Raw, mutated)
}

type pinned struct {
	Requested string `json:"requested"`
	Resolved  string `json:"resolved"`
}

func pin(machine *unstructured.Unstructured, requested string, found *image) error {
	note, err := json.Marshal(map[string]pinned{"spec.imageName": {Requested: requested, Resolved: found.Name}})
	if err != nil {
		return err
	}
	annotations := machine.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[pinnedAnnotation] = string(note)
	machine.SetAnnotations(annotations)
	reference := map[string]any{"kind": found.Kind, "name": found.Name}
	if err := unstructured.SetNestedMap(machine.Object, reference, "spec", "image"); err != nil {
		return err
	}
	return unstructured.SetNestedField(machine.Object, found.Name, "spec", "imageName")
}
