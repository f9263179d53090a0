// The calls of libxml2's HTML parser that Kith makes, declared here instead of included: its headers lie in a folder that only
// a flag finds. A test compiles this file together with libxml2's headers, and compares the struct below with theirs.

#ifndef KITH_CXML2_SHIM_H
#define KITH_CXML2_SHIM_H

struct _xmlParserCtxt;
struct _xmlSAXHandler;

// What a parse reports, in the order of `xmlSAXHandler`; the events that Kith does not listen to are only places.
struct KithHTMLEvents {
    void *declarations[14];
    void (*startElement)(void *context, const unsigned char *name, const unsigned char **attributes);
    void (*endElement)(void *context, const unsigned char *name);
    void *reference;
    void (*characters)(void *context, const unsigned char *text, int count);
    void (*ignorableWhitespace)(void *context, const unsigned char *text, int count);
    void *processingInstruction;
    void *comment;
    void *problems[3];
    void *getParameterEntity;
    void (*cdataBlock)(void *context, const unsigned char *text, int count);
    void *externalSubset;
    unsigned int initialized;
    void *second[4];
};

// An `xmlCharEncoding`: an enumeration as wide as an int.
enum { KithEncodingUTF8 = 1 };

struct _xmlParserCtxt *htmlCreatePushParserCtxt(
    struct _xmlSAXHandler *events, void *context, const char *chunk, int count, const char *name, int encoding);
int htmlCtxtUseOptions(struct _xmlParserCtxt *parser, int options);
int htmlParseChunk(struct _xmlParserCtxt *parser, const char *chunk, int count, int terminate);
void htmlFreeParserCtxt(struct _xmlParserCtxt *parser);
void xmlInitParser(void);

#endif
