/* The libxml2 side of `cargo xtask bench xpath`: compiles, evaluates and times XPath expressions, which is what the
 * compiled expressions of lxml do underneath.
 *
 * xpath-libxml2 xml|html FILE
 *
 * A line of standard input asks, a line of standard output answers; `serve` of lycosa-xpath-check is the other side,
 * speaks the same way and says what the words mean. `tree` gives the number of nodes and a hash over them. As there,
 * nodes are numbered in document order (here in `_private`), a result is walked and hashed within the time measured,
 * and the hash does not depend on its order. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>

/* Nanoseconds: how long a warm measurement goes on, and from when an evaluation is not repeated. */
#define WHILE 10e6
#define LONG 500e6

static int as_html;
static char *source;
static int source_length;

struct found {
    uint64_t count;
    uint64_t hash;
    const char *kind;
};

static uint64_t mix(uint64_t number)
{
    number += 0x9e3779b97f4a7c15u;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
    return number ^ (number >> 31);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec * 1e9 + (double) time.tv_nsec;
}

/* The next node in document order. */
static xmlNodePtr next(xmlNodePtr node)
{
    if (node->children && node->type != XML_ENTITY_REF_NODE)
        return node->children;
    while (node && !node->next)
        node = node->parent;
    return node ? node->next : NULL;
}

/* Numbers the nodes; the document node is 0. Doctypes are no nodes of XPath. */
static xmlDocPtr parse(void)
{
    uintptr_t number = 0;
    xmlDocPtr document;
    if (as_html) {
        int options = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET;
        document = htmlReadMemory(source, source_length, NULL, "UTF-8", options);
    } else {
        int options = XML_PARSE_HUGE | XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
        document = xmlReadMemory(source, source_length, NULL, "UTF-8", options);
    }
    if (!document) {
        fprintf(stderr, "the document cannot be read\n");
        exit(1);
    }
    for (xmlNodePtr node = (xmlNodePtr) document; node; node = next(node))
        if (node->type != XML_DTD_NODE)
            node->_private = (void *) number++;
    return document;
}

static void tree(xmlDocPtr document)
{
    uint64_t count = 0, hash = 0;
    for (xmlNodePtr node = (xmlNodePtr) document; node; node = next(node)) {
        uint64_t length = 0;
        if (node->type == XML_DTD_NODE)
            continue;
        if (node->type == XML_TEXT_NODE)
            length = strlen((const char *) node->content);
        else if (node->type == XML_COMMENT_NODE)
            length = 1;
        else if (node->type == XML_ELEMENT_NODE)
            for (xmlAttrPtr attribute = node->properties; attribute; attribute = attribute->next)
                length++;
        count++;
        hash += mix((uint64_t) (uintptr_t) node->_private << 32 | length);
    }
    printf("%llu %llu\n", (unsigned long long) count, (unsigned long long) hash);
}

static void add(struct found *found, xmlNodePtr node)
{
    found->count++;
    if (node->type == XML_ATTRIBUTE_NODE) {
        uint64_t name = strlen((const char *) node->name);
        uint64_t value = node->children && node->children->content
            ? strlen((const char *) node->children->content) : 0;
        uint64_t owner = (uintptr_t) node->parent->_private;
        found->hash += mix(owner << 32 | 1u << 31 | name << 20 | value);
    } else if (node->type == XML_NAMESPACE_DECL) {
        found->hash += mix((uintptr_t) ((xmlNodePtr) ((xmlNsPtr) node)->next)->_private);
    } else {
        found->hash += mix((uintptr_t) node->_private);
    }
}

/* 0 when the expression cannot be evaluated. */
static int evaluate(xmlXPathCompExprPtr compiled, xmlXPathContextPtr context, struct found *found)
{
    xmlXPathObjectPtr result = xmlXPathCompiledEval(compiled, context);
    if (!result)
        return 0;
    memset(found, 0, sizeof *found);
    found->count = 1;
    switch (result->type) {
    case XPATH_NODESET:
        found->count = 0;
        found->kind = "nodes";
        for (int at = 0; result->nodesetval && at < result->nodesetval->nodeNr; at++)
            add(found, result->nodesetval->nodeTab[at]);
        break;
    case XPATH_NUMBER: {
        double number = result->floatval != result->floatval ? __builtin_nan("") : result->floatval;
        uint64_t bits;
        memcpy(&bits, &number, sizeof bits);
        found->kind = "number";
        found->hash = mix(bits);
        break;
    }
    case XPATH_STRING:
        found->kind = "string";
        found->hash = 0xcbf29ce484222325u;
        for (const xmlChar *byte = result->stringval; *byte; byte++)
            found->hash = (found->hash ^ *byte) * 0x100000001b3u;
        break;
    case XPATH_BOOLEAN:
        found->kind = "boolean";
        found->hash = (uint64_t) result->boolval;
        break;
    default:
        found->kind = "other";
    }
    xmlXPathFreeObject(result);
    return 1;
}

static void say(double nanoseconds, unsigned times, const struct found *found)
{
    printf("%.1f %u %llu %llu %s\n", nanoseconds / times, times, (unsigned long long) found->count,
        (unsigned long long) found->hash, found->kind);
}

static void measure(xmlXPathCompExprPtr compiled, xmlXPathContextPtr context, int repeat)
{
    struct found found;
    double started = now();
    if (!evaluate(compiled, context, &found)) {
        printf("error the expression cannot be evaluated\n");
        return;
    }
    double taken = now() - started;
    if (!repeat || taken >= LONG) {
        say(taken, 1, &found);
        return;
    }
    for (unsigned times = 1;; times *= 2) {
        started = now();
        for (unsigned time = 0; time < times; time++)
            evaluate(compiled, context, &found);
        taken = now() - started;
        if (taken >= WHILE) {
            say(taken, times, &found);
            return;
        }
    }
}

static void answer(xmlDocPtr kept, char *question)
{
    if (!strcmp(question, "tree")) {
        tree(kept);
        return;
    }
    int repeat = !strncmp(question, "warm ", 5);
    char *expression = strchr(question, ' ');
    xmlXPathCompExprPtr compiled = expression ? xmlXPathCompile((const xmlChar *) expression + 1) : NULL;
    if (!compiled) {
        printf("error the expression cannot be read\n");
        return;
    }
    xmlDocPtr document = repeat ? kept : parse();
    xmlXPathContextPtr context = xmlXPathNewContext(document);
    context->node = (xmlNodePtr) document;
    measure(compiled, context, repeat);
    xmlXPathFreeContext(context);
    xmlXPathFreeCompExpr(compiled);
    if (!repeat)
        xmlFreeDoc(document);
}

int main(int count, char **words)
{
    FILE *file = count == 3 ? fopen(words[2], "rb") : NULL;
    if (!file) {
        fprintf(stderr, "usage: xpath-libxml2 xml|html FILE\n");
        return 2;
    }
    as_html = !strcmp(words[1], "html");
    fseek(file, 0, SEEK_END);
    source_length = (int) ftell(file);
    rewind(file);
    source = malloc((size_t) source_length + 1);
    if (!source || fread(source, 1, (size_t) source_length, file) != (size_t) source_length)
        return 1;
    fclose(file);
    xmlDocPtr kept = parse();
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        answer(kept, line);
        fflush(stdout);
    }
    xmlFreeDoc(kept);
    return 0;
}
