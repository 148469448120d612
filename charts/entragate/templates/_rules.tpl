{{/* What is read and written in the namespaces that are followed. Secrets are read by name: neither list nor watch. */}}
{{- define "entragate.namespacedRules" -}}
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [get, list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses/status]
  verbs: [update]
- apiGroups: [entragate.dev]
  resources: [policies]
  verbs: [get, list, watch]
- apiGroups: [entragate.dev]
  resources: [policies/status]
  verbs: [update]
- apiGroups: [""]
  resources: [services]
  verbs: [list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [get, create, patch, delete]
{{- end -}}

{{/* The kinds of the whole cluster. */}}
{{- define "entragate.clusterRules" -}}
- apiGroups: [networking.k8s.io]
  resources: [ingressclasses]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get, list, watch]
- apiGroups: [entragate.dev]
  resources: [clusterpolicies, identityproviders]
  verbs: [get, list, watch]
- apiGroups: [entragate.dev]
  resources: [clusterpolicies/status, identityproviders/status]
  verbs: [update]
- apiGroups: [entragate.dev]
  resources: [revocations]
  verbs: [list, watch, create, delete]
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames:
    - clusterpolicies.entragate.dev
    - identityproviders.entragate.dev
    - policies.entragate.dev
    - revocations.entragate.dev
  verbs: [get]
{{- end -}}

{{/* Keys and Lease of this release. RBAC can not limit `create` to a name; the other verbs it can. */}}
{{- define "entragate.releaseRules" -}}
{{- $name := include "entragate.fullname" . -}}
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ $name }}-keys]
  verbs: [get, update]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ $name }}]
  verbs: [get, update]
- apiGroups: [""]
  resources: [services]
  resourceNames: {{ include "entragate.ownServices" . }}
  verbs: [get]
{{- end -}}

{{/* The release's Service, and the published one where it is another of the release's namespace; as a JSON list. */}}
{{- define "entragate.ownServices" -}}
{{- $name := include "entragate.fullname" . -}}
{{- $published := include "entragate.publishedService" . | trimPrefix (printf "%s/" .Release.Namespace) -}}
{{- ternary (list $name) (list $name $published | uniq) (or (eq $published "") (contains "/" $published)) | toJson -}}
{{- end -}}

{{/* Argument: a list of the root context, the kind of the role, its name, and the namespace of the binding (empty: none). */}}
{{- define "entragate.binding" -}}
{{- $root := index . 0 -}}
{{- $kind := index . 1 -}}
{{- $name := index . 2 -}}
{{- $namespace := index . 3 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ $name }}
  {{- with $namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  labels:
    {{- include "entragate.labels" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "entragate.serviceAccountName" $root | quote }}
    namespace: {{ $root.Release.Namespace | quote }}
{{- end -}}
