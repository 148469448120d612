{{/* CEL fragments. They mirror src/api/annotations.ts, src/api/host-pattern.ts and src/translate/ingress-path.ts; tests hold the two against each other. */}}

{{/* Whether an Ingress is of our class, by spec.ingressClassName or else by the annotation that it replaced. Argument: a list of the root context and an expression. */}}
{{- define "entragate.cel.isOurs" -}}
{{- $values := (index . 0).Values -}}
{{- $object := index . 1 -}}
{{- $class := printf `%s.spec.?ingressClassName.or(%s.metadata.?annotations[?"kubernetes.io/ingress.class"])` $object $object -}}
{{- $isNamed := printf `%s.orValue("") == %s` $class ($values.ingressClass.name | toJson) -}}
{{- ternary (printf `(%s || !%s.hasValue())` $isNamed $class) $isNamed $values.watchIngressWithoutClass -}}
{{- end -}}

{{/* Whether an Ingress answers a challenge for cert-manager. */}}
{{- define "entragate.cel.isSolver" -}}
({{ . }}.metadata.?labels[?"acme.cert-manager.io/http01-solver"].orValue("") == "true")
{{- end -}}

{{/* A text as people see it: quoted, and not longer than 80 characters. Argument: an expression. */}}
{{- define "entragate.cel.show" -}}
strings.quote({{ . }}.size() > 80 ? {{ . }}.substring(0, 77) + "..." : {{ . }})
{{- end -}}

{{/* Whether a text is a host name or a `*.` pattern. */}}
{{- define "entragate.cel.isHost" -}}
({{ . }}.size() <= ({{ . }}.startsWith("*.") ? 255 : 253)
&& {{ . }}.lowerAscii().matches(r"^(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$")
&& !{{ . }}.lowerAscii().matches(r"(^|\.)([0-9]+|0x[0-9a-f]*)$"))
{{- end -}}

{{/* Why a text is none. */}}
{{- define "entragate.cel.whyNoHost" -}}
{{ include "entragate.cel.show" . }} + (
{{ . }}.matches("[:/]") ? " is no host name: write the name alone, without scheme, port or path"
: {{ . }}.matches(r"^.+\*|^\*([^.]|$)") ? ": the star may only be the whole first label, as in *.example.com"
: {{ . }}.endsWith(".") ? " ends with a dot: write the name without it"
: {{ . }}.matches(r"(?i)(^|\.)([0-9]+|0x[0-9a-f]*)$") ? " would be read as an IP address: write a DNS name"
: " is no host name: write labels of 1 to 63 letters, digits and hyphens, such as app.example.com")
{{- end -}}

{{/* White space of JavaScript, for a character class of RE2, whose own knows ASCII only. */}}
{{- define "entragate.cel.space" -}}
\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}
{{- end -}}

{{/* Where policies apply: in the namespaces that the release follows. */}}
{{- define "entragate.admissionBinding" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "entragate.labels" $root | nindent 4 }}
spec:
  policyName: {{ $name }}
  validationActions: [Deny]
  {{- with include "entragate.namespaces" $root | fromJsonArray }}
  matchResources:
    namespaceSelector:
      matchExpressions:
        - key: kubernetes.io/metadata.name
          operator: In
          values:
            {{- toYaml . | nindent 12 }}
  {{- end }}
{{- end -}}
