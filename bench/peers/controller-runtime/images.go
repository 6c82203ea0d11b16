package main

import (
	"encoding/json"
	"fmt"
	"os"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// image is what is kept of an image object; managedFields are dropped, as cache.TransformStripManagedFields does.
type image struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Status            struct {
		Name string `json:"name"`
	} `json:"status"`
}

const byDisplayName = "namespace and display name"

// imageIndex is the store that an informer fills, with an index such as a manager's IndexField makes.
type imageIndex struct {
	indexer cache.Indexer
}

func readImages(file string) (*imageIndex, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var list struct {
		Items []*image `json:"items"`
	}
	if err := json.Unmarshal(content, &list); err != nil {
		return nil, err
	}
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{
		byDisplayName: func(object any) ([]string, error) {
			each := object.(*image)
			return []string{each.Namespace + "/" + each.Status.Name}, nil
		},
	})
	for _, each := range list.Items {
		each.ManagedFields = nil
		if err := indexer.Add(each); err != nil {
			return nil, err
		}
	}
	return &imageIndex{indexer}, nil
}

// resolve finds the one image of the namespace with this display name; where there is none, the one of the cluster.
func (i *imageIndex) resolve(namespace, displayName string) (*image, error) {
	for _, scope := range []string{namespace, ""} {
		found, err := i.indexer.ByIndex(byDisplayName, scope+"/"+displayName)
		if err != nil {
			return nil, err
		}
		if len(found) > 1 {
			return nil, fmt.Errorf("%d images have the display name %q", len(found), displayName)
		}
		if len(found) == 1 {
			return found[0].(*image), nil
		}
	}
	return nil, fmt.Errorf("no image has the display name %q", displayName)
}
