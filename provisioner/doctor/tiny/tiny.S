# A tiny multiboot kernel that does what every stock x86-64 kernel does in its first moments, and says how far it came.
#
# A host can offer a /dev/kvm that opens, makes a machine and runs real-mode code, and still hangs every real guest.
# So this walks through the things such fakes stumble over, and prints one line on COM1 after each:
#
#   protected mode   entered by the multiboot loader, with a stack and a serial port of our own
#   long mode        PAE, 4-level page tables, EFER.LME and NXE, CR0.PG and WP, our own GDT
#   msrs             STAR, LSTAR, FMASK and KERNEL_GS_BASE keep what was written; swapgs works
#   exceptions       #UD is delivered through our IDT and returns by iretq
#   interrupts       the local APIC's timer wakes the processor out of hlt
#   ring 3           entered by iretq; its read of kernel memory faults with the right address and error code;
#                    syscall comes back to us, sysret goes out again, syscall comes back again
#   holm: tiny kernel alive
#
# It ends by writing to QEMU's isa-debug-exit: ALIVE makes QEMU exit with 33, BROKEN with 35. Anything unexpected
# prints "broken: NN" and exits BROKEN; NN is the vector of a trap, or from 80 on the check that failed.
#
# Linked at BASE as one flat piece of .text; tables are made at run time in the RAM behind it. Rebuild: see
# tiny_test.go, which also compares the result with the committed tiny.bin.

#define BASE            0x100000
#define TABLES          0x200000        /* six page tables, then the IDT: cleared before use */
#define PML4            (TABLES + 0x0000)
#define PDPT            (TABLES + 0x1000)
#define PD_LOW          (TABLES + 0x2000)       /* 0 to 2 MiB and 2 to 4 MiB, supervisor, 2 MiB pages */
#define PD_USER         (TABLES + 0x3000)       /* 1 GiB upwards: one 4 KiB page for ring 3 */
#define PD_HIGH         (TABLES + 0x4000)       /* 3 to 4 GiB: the local APIC */
#define PT_USER         (TABLES + 0x5000)
#define IDT             (TABLES + 0x6000)
#define TABLES_SIZE     0x7000
#define STACK_TOP       0x220000        /* of ring 0 */
#define TRAP_STACK_TOP  0x230000        /* where the TSS sends traps out of ring 3 */
#define USER_PAGE       0x240000        /* physical home of the ring 3 page */
#define USER            0x40000000      /* where ring 3 sees it */
#define USER_STACK_TOP  (USER + 0x1000)
#define GS_AREA         0x250000        /* what swapgs uncovers: the saved user stack, a magic value */

#define P_KERNEL        0x3             /* present, writable */
#define P_USER          0x7             /* present, writable, ring 3 */
#define P_LARGE         0x83            /* present, writable, 2 MiB */
#define P_DEVICE        0x9b            /* present, writable, 2 MiB, uncached */

#define KCODE           0x08
#define KDATA           0x10
#define UDATA           0x20            /* sysret wants data before code, both after the base in STAR */
#define UCODE           0x28
#define TSS             0x30
#define STAR_HIGH       (((UDATA - 8) | 3) << 16 | KCODE)

#define COM1            0x3f8
#define DEBUG_EXIT      0xf4
#define ALIVE           0x10
#define BROKEN          0x11

#define LAPIC           0xfee00000
#define TIMER_VECTOR    0x40

#define MSR_EFER        0xc0000080
#define MSR_STAR        0xc0000081
#define MSR_LSTAR       0xc0000082
#define MSR_FMASK       0xc0000084
#define MSR_KERNEL_GS   0xc0000102
#define EFER_WANTED     0x901           /* SCE, LME, NXE */

#define MAGIC           0x686f6c6d      /* "holm" */

# Goes on when the comparison before it found no difference; else reports that check. Overwrites %al.
.macro same check
        mov     $\check, %al
        jne     broken
.endm

        .text
        .code32
        .globl start
start:  jmp     enter

        .balign 4, 0
multiboot:                              # flags bit 16: load by these addresses, for this is no ELF file
        .long   0x1badb002
        .long   0x00010000
        .long   -(0x1badb002 + 0x00010000)
        .long   multiboot               # where this header is
        .long   start                   # load from here
        .long   end                     # to here
        .long   0                       # no bss: the tables are cleared by hand
        .long   enter

# ---- 32 bits ---------------------------------------------------------------------------------------------------------

enter:  cli
        cld
        mov     $STACK_TOP, %esp
        mov     $COM1 + 1, %dx          # no interrupts from the serial port: it is polled
        xor     %al, %al
        out     %al, %dx
        mov     $0xff, %al              # nor from the two 8259s: only the local APIC speaks
        out     %al, $0x21
        out     %al, $0xa1
        mov     $said_protected, %esi
        call    say32

        mov     $0x80000001, %eax       # a CPU without long mode would only triple fault
        cpuid
        bt      $29, %edx
        jc      1f
        mov     $said_no_long_mode, %esi
        call    say32
        mov     $BROKEN, %al
        out     %al, $DEBUG_EXIT
1:
        mov     $TABLES, %edi
        mov     $TABLES_SIZE / 4, %ecx
        xor     %eax, %eax
        rep stosl
        movl    $PDPT + P_USER, PML4            # the upper levels allow ring 3, the leaves decide
        movl    $PD_LOW + P_KERNEL, PDPT
        movl    $PD_USER + P_USER, PDPT + 8
        movl    $PD_HIGH + P_KERNEL, PDPT + 24
        movl    $0x000000 + P_LARGE, PD_LOW
        movl    $0x200000 + P_LARGE, PD_LOW + 8
        movl    $PT_USER + P_USER, PD_USER
        movl    $USER_PAGE + P_USER, PT_USER
        movl    $(LAPIC & 0xffe00000) + P_DEVICE, PD_HIGH + ((LAPIC >> 21) & 511) * 8

        mov     %cr4, %eax
        or      $0x20, %eax             # PAE
        mov     %eax, %cr4
        mov     $PML4, %eax
        mov     %eax, %cr3
        mov     $MSR_EFER, %ecx
        rdmsr
        or      $EFER_WANTED, %eax
        wrmsr
        mov     %cr0, %eax
        or      $0x80010000, %eax       # PG, WP
        and     $~0x60000000, %eax      # caches on
        mov     %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $KCODE, $long_mode

say32:  mov     $COM1 + 5, %dx          # wait until the transmitter is empty
        in      %dx, %al
        test    $0x20, %al
        jz      say32
        lodsb
        test    %al, %al
        jz      1f
        mov     $COM1, %dx
        out     %al, %dx
        jmp     say32
1:      ret

# ---- 64 bits ---------------------------------------------------------------------------------------------------------

        .code64
long_mode:
        mov     $KDATA, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs
        mov     $STACK_TOP, %esp
        mov     $MSR_EFER, %ecx         # the processor itself must say that long mode is active
        rdmsr
        and     $EFER_WANTED | 0x400, %eax
        cmp     $EFER_WANTED | 0x400, %eax
        same    0x80
        mov     $said_long, %esi
        call    say

        xor     %ecx, %ecx              # the IDT: 32 stubs that report, then the three that we expect
        mov     $stubs, %eax
1:      call    set_gate
        add     $16, %eax
        inc     %ecx
        cmp     $32, %ecx
        jb      1b
        mov     $6, %ecx
        mov     $on_undefined, %eax
        call    set_gate
        mov     $14, %ecx
        mov     $on_page_fault, %eax
        call    set_gate
        mov     $TIMER_VECTOR, %ecx
        mov     $on_timer, %eax
        call    set_gate
        lidt    idt_pointer
        mov     $TSS, %eax
        ltr     %ax

# msrs: written, read back, and used.
        mov     $MSR_STAR, %ecx
        xor     %eax, %eax
        mov     $STAR_HIGH, %edx
        call    keep_msr
        mov     $MSR_LSTAR, %ecx
        mov     $on_syscall, %eax
        xor     %edx, %edx
        call    keep_msr
        mov     $MSR_FMASK, %ecx
        mov     $0x200, %eax            # no interrupts inside on_syscall
        call    keep_msr
        mov     $MSR_KERNEL_GS, %ecx
        mov     $GS_AREA, %eax
        call    keep_msr
        movl    $MAGIC, GS_AREA + 8
        swapgs
        cmpl    $MAGIC, %gs:8
        same    0x81
        swapgs
        mov     $said_msrs, %esi
        call    say

# exceptions: #UD, whose handler steps over the two bytes of ud2 and leaves its mark in %ebx.
        xor     %ebx, %ebx
        ud2
        cmp     $MAGIC, %ebx
        same    0x82
        mov     $said_exceptions, %esi
        call    say

# interrupts: a one-shot timer; nothing else can end the hlt.
        xor     %ebx, %ebx
        mov     $LAPIC, %edi
        movl    $0x1ff, 0xf0(%rdi)      # APIC on, spurious vector 255
        movl    $0xb, 0x3e0(%rdi)       # divide by 1
        movl    $TIMER_VECTOR, 0x320(%rdi)
        movl    $100000, 0x380(%rdi)
1:      sti                             # sti holds interrupts back until hlt has begun: no wake-up is lost
        hlt
        cli
        cmp     $MAGIC, %ebx
        jne     1b
        mov     $said_interrupts, %esi
        call    say

# ring 3: the code is copied into its page, and entered as an interrupt's return.
        mov     $user_code, %esi
        mov     $USER_PAGE, %edi
        mov     $user_end - user_code, %ecx
        rep movsb
        xor     %ebx, %ebx
        pushq   $UDATA | 3
        pushq   $USER_STACK_TOP
        pushq   $0x202
        pushq   $UCODE | 3
        pushq   $USER
        iretq

# This runs in ring 3 at USER, wherever it is copied: no absolute jumps. It asks the kernel twice.
user_code:
        mov     %cs, %edi               # evidence for the kernel: our privilege level
        mov     BASE, %eax              # must fault: supervisor page
after_fault:
        mov     $1, %eax
        syscall                         # overwrites %rcx and %r11
        mov     $2, %eax
        syscall
        ud2                             # never reached
user_end:

on_page_fault:                          # stack: error code, rip, cs, rflags, rsp, ss
        cmpq    $5, (%rsp)              # a read, from ring 3, of a page that is there
        same    0x83
        mov     %cr2, %rdx
        cmp     $BASE, %rdx
        same    0x84
        cmpq    $UCODE | 3, 16(%rsp)
        same    0x85
        movq    $USER + (after_fault - user_code), 8(%rsp)
        mov     $MAGIC, %ebx
        add     $8, %rsp
        iretq

on_syscall:                             # still on ring 3's stack
        swapgs
        mov     %rsp, %gs:0
        mov     $STACK_TOP, %esp
        mov     %eax, %r8d              # the question
        cmp     $MAGIC, %ebx            # the fault came first
        same    0x86
        and     $3, %edi
        cmp     $3, %edi
        same    0x87
        cmp     $2, %r8d
        je      all_done
        cmp     $1, %r8d
        same    0x88
        mov     $UCODE | 3, %edi        # %cs again, for the second question
        mov     %gs:0, %rsp
        swapgs
        sysretq

all_done:
        mov     $said_ring3, %esi
        call    say
        mov     $said_alive, %esi
        call    say
        mov     $ALIVE, %al
        out     %al, $DEBUG_EXIT
1:      hlt
        jmp     1b

on_undefined:                           # no error code: rip is on top
        addq    $2, (%rsp)
        mov     $MAGIC, %ebx
        iretq

on_timer:
        mov     $MAGIC, %ebx
        mov     $LAPIC, %edi
        movl    $0, 0xb0(%rdi)          # end of interrupt
        iretq

# Prints %al, a vector below 0x20 or a check from 0x80 on, and gives up.
broken: mov     $STACK_TOP, %esp
        mov     %al, %bl
        mov     $said_broken, %esi
        call    say
        mov     %bl, %al
        shr     $4, %al
        call    digit
        mov     %bl, %al
        and     $15, %al
        call    digit
        mov     $said_newline, %esi
        call    say
        mov     $BROKEN, %al
        out     %al, $DEBUG_EXIT
1:      hlt
        jmp     1b

digit:  add     $'0', %al
        cmp     $'9', %al
        jbe     put
        add     $'a' - '9' - 1, %al
put:    mov     %al, %ah                # prints %al
1:      mov     $COM1 + 5, %dx
        in      %dx, %al
        test    $0x20, %al
        jz      1b
        mov     %ah, %al
        mov     $COM1, %dx
        out     %al, %dx
        ret

say:    lodsb                           # prints the zero-ended text at %rsi
        test    %al, %al
        jz      1f
        call    put
        jmp     say
1:      ret

keep_msr:                               # writes %edx:%eax to MSR %ecx and reads it back
        mov     %eax, %esi
        mov     %edx, %edi
        wrmsr
        xor     %eax, %eax
        xor     %edx, %edx
        rdmsr
        cmp     %esi, %eax
        same    0x89
        cmp     %edi, %edx
        same    0x8a
        ret

set_gate:                               # vector %ecx goes to %eax; keeps both
        mov     %ecx, %edi
        shl     $4, %edi
        add     $IDT, %edi
        mov     %eax, %edx
        mov     %dx, (%rdi)
        movl    $KCODE | 0x8e000000, 2(%rdi)    # interrupt gate, present, ring 0, no IST
        shr     $16, %edx
        mov     %dx, 6(%rdi)
        ret

        .balign 16, 0
stubs:  .set    vector, 0
        .rept   32
        mov     $vector, %al
        jmp     broken
        .balign 16, 0
        .set    vector, vector + 1
        .endr

        .balign 8, 0
gdt:    .quad   0
        .quad   0x00209b0000000000      # KCODE: 64 bits, ring 0
        .quad   0x0000930000000000      # KDATA
        .quad   0                       # 32-bit user code, which sysret without REX.W would take
        .quad   0x0000f30000000000      # UDATA
        .quad   0x0020fb0000000000      # UCODE: 64 bits, ring 3
        .word   tss_end - tss - 1       # TSS: 16 bytes; its address lies below 16 MiB
        .word   tss - start             # BASE has no low 16 bits
        .byte   BASE >> 16, 0x89, 0, 0
        .quad   0
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .quad   gdt
idt_pointer:
        .word   (TIMER_VECTOR + 1) * 16 - 1
        .quad   IDT

        .balign 16, 0
tss:    .long   0
        .quad   TRAP_STACK_TOP          # rsp0
        .fill   90, 1, 0
        .word   tss_end - tss           # no I/O permission map
tss_end:

said_protected:         .asciz "protected mode\n"
said_no_long_mode:      .asciz "broken: no long mode\n"
said_long:              .asciz "long mode\n"
said_msrs:              .asciz "msrs\n"
said_exceptions:        .asciz "exceptions\n"
said_interrupts:        .asciz "interrupts\n"
said_ring3:             .asciz "ring 3\n"
said_alive:             .asciz "holm: tiny kernel alive\n"
said_broken:            .asciz "broken: "
said_newline:           .asciz "\n"
        .balign 16, 0
end:
